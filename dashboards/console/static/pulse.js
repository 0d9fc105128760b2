// The page's own doubt: when the console stops sending beats, nothing on the screen may be believed.
// Runs in the browser alone, so it also speaks when the console, the network or the machine is gone.
// A page that stays silent while the console answers again has lost its thread: it starts anew.
const SILENT_MS = 5000;
const LOOK_MS = 3000;

export default {
  props: { beat: Number, words: String },
  data: () => ({ away: false, heard: Date.now() }),
  mounted() {
    this.hear();
    this.timers = [setInterval(this.doubt, 500), setInterval(this.look, LOOK_MS)];
  },
  unmounted() {
    this.timers.forEach(clearInterval);
  },
  methods: {
    doubt() {
      this.away = window.fengsuiAway = Date.now() - this.heard > SILENT_MS;
    },
    async look() {
      if (Date.now() - this.heard < 2 * SILENT_MS) return;
      const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
      if (answer?.ok) window.location.reload();
    },
    hear() {
      this.heard = Date.now();
      this.away = window.fengsuiAway = false;
      window.fengsuiOffset = this.beat - Date.now();
    },
  },
  watch: {
    beat() {
      this.hear();
    },
  },
  render() {
    return Vue.h("div", { class: "away-page", hidden: !this.away, role: "alert" }, this.words);
  },
};
