// A text that runs by itself in the browser: clock, elapsed time, countdown, age.
// `at` is milliseconds since 1970 by the server's clock; pulse.js keeps the difference to this machine's.
const running = new Set();
setInterval(() => running.forEach((tick) => tick()), 250);

const two = (n) => String(n).padStart(2, "0");

function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const days = Math.floor(s / 86400);
  const hours = Math.floor((s % 86400) / 3600);
  const rest = `${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  if (days) return `${days}d ${two(hours)}h`;
  return hours ? `${hours}:${rest}` : rest;
}

const forms = {
  clock: (now, at, zone) => new Date(now).toLocaleTimeString("en-GB", { timeZone: zone, hour12: false }),
  date: (now, at, zone) => new Date(now).toLocaleDateString("sv-SE", { timeZone: zone }),
  elapsed: (now, at) => span((now - at) / 1000),
  countdown: (now, at) => span((at - now) / 1000),
};

export default {
  props: { mode: String, at: Number, zone: String },
  data: () => ({ text: "" }),
  methods: {
    tick() {
      const now = Date.now() + (window.fengsuiOffset || 0);
      const text = forms[this.mode](now, this.at, this.zone || undefined);
      if (text !== this.text) this.text = text;
    },
  },
  mounted() {
    running.add(this.tick);
    this.tick();
  },
  unmounted() {
    running.delete(this.tick);
  },
  watch: {
    at() {
      this.tick();
    },
  },
  render() {
    return Vue.h("span", { class: "tick" }, this.text);
  },
};
