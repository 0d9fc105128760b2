// The page's own doubt: when the console stops sending beats, nothing on the screen may be believed.
// Runs in the browser alone, so it also speaks when the console, the network or the machine is gone.
const SILENT_MS = 5000;

export default {
  props: { beat: Number, words: String },
  data: () => ({ away: false, heard: Date.now() }),
  mounted() {
    this.hear();
    this.timer = setInterval(() => (this.away = Date.now() - this.heard > SILENT_MS), 500);
  },
  unmounted() {
    clearInterval(this.timer);
  },
  methods: {
    hear() {
      this.heard = Date.now();
      this.away = false;
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
