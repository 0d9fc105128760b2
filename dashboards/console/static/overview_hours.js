// Alarms of the day by the hour: bars, the hour that runs now outlined, hours to come left empty.
const h = (tag, attributes, children) => Vue.h(tag, attributes, children);
const WIDTH = 240, HEIGHT = 46, FOOT = 14, STEP = WIDTH / 24;

export default {
  props: { drawn: String },
  computed: {
    data() {
      return JSON.parse(this.drawn);
    },
  },
  methods: {
    bar(count, hour) {
      const most = Math.max(1, ...this.data.hours);
      const tall = count ? Math.max(2, (count / most) * (HEIGHT - 12)) : 1;
      const kind = hour > this.data.now ? "hour-ahead" : Math.floor(this.data.now) === hour ? "hour-now" : "hour-past";
      return h("rect", { key: hour, class: kind, x: hour * STEP + 1, y: HEIGHT - tall, width: STEP - 2, height: tall });
    },
    most() {
      const most = Math.max(...this.data.hours);
      if (!most) return null;
      const at = this.data.hours.indexOf(most);
      return h("text", { class: "hour-most", x: at * STEP + STEP / 2, y: 9, "text-anchor": "middle" }, String(most));
    },
  },
  render() {
    if (!this.data) return h("div");
    const marks = [0, 6, 12, 18, 24].map((hour) =>
      h("text", { key: `h${hour}`, class: "hour-mark", x: hour * STEP, y: HEIGHT + FOOT - 3,
        "text-anchor": hour === 0 ? "start" : hour === 24 ? "end" : "middle" }, String(hour)));
    return h("svg", { class: "hours", viewBox: `0 0 ${WIDTH} ${HEIGHT + FOOT}`, role: "img", "aria-label": this.data.words },
      [...this.data.hours.map(this.bar), this.most(), ...marks]);
  },
};
