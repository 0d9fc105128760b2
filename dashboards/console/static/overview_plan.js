// A floor: the drawing as a picture (it can run nothing), and over it, in the drawing's own coordinates, zones and
// devices. Colour, shape and word say the same; only what nobody acknowledged pulses. All words are text.
const h = (tag, attributes, children) => Vue.h(tag, attributes, children);
const to = (path) => ({ href: path, "data-go": path });

// Symbols in a box of 24 x 24, drawn in lines.
const SYMBOLS = {
  smoke: "M12 4a8 8 0 1 0 .01 0 M12 9.5a2.5 2.5 0 1 0 .01 0 M12 4v2 M12 18v2 M4 12h2 M18 12h2",
  camera: "M3 7h12v10H3z M15 10.5l6-3v9l-6-3 M9 12h.01",
  meter: "M5 3h14v18H5z M8 6.5h8 M13 9l-3 5h4l-3 5",
  breaker: "M5 3h14v18H5z M12 5v4 M12 19v-4 M12 15l4-6",
  gauge: "M12 3a9 9 0 1 0 .01 0 M12 13l4-5 M6.5 15h1 M16.5 15h1",
  panel: "M3 4h18v16H3z M6 8h8 M6 12h5 M17 8h.01 M17 12h.01 M17 16h.01 M6 16h5",
  gateway: "M4 13h16v7H4z M8 16.5h.01 M12 16.5h4 M12 13V8 M8.5 6.5a5 5 0 0 1 7 0 M6 4a9 9 0 0 1 12 0",
  gas: "M12 3l8 5v8l-8 5-8-5V8z M14.5 10a3 3 0 1 0 0 4v-2h-2",
  level: "M5 4h14v16H5z M5 12q3.5-2 7 0t7 0",
  other: "M5 5h14v14H5z",
};

// Outlines of the classes' marks round (0, 0), as in the lamps.
const MARKS = {
  fire: "M0-1L1 .85H-1z", linkage: "M0-1L1 0 0 1-1 0z", supervisory: "M0-1a1 1 0 1 0 .01 0z",
  fault: "M-.85-.85H.85V.85H-.85z", disabled: "M-1-.32H1V.32H-1z", hazard: "M-.5-.9H.5L1 0 .5.9H-.5L-1 0z",
  system: "M0-1L1-.2.62 1H-.62L-1-.2z",
};

export default {
  props: { drawn: String },
  computed: {
    data() {
      return JSON.parse(this.drawn);
    },
    size() {
      return this.data.box[2] / 60;
    },
  },
  methods: {
    lit(one) {
      return one.look !== "calm" && one.look !== "unknown";
    },
    zone(one) {
      const attributes = { class: "plan-zone", "data-look": one.look, "data-fresh": one.fresh ? "yes" : "no", "data-zone": one.id };
      const outline = one.outline.length ? h("polygon", { points: one.outline.map((at) => at.join(",")).join(" ") }) : null;
      const words = this.caption(one);
      const name = one.at ? h("text", { x: one.at[0], y: one.at[1], "font-size": this.size * (this.lit(one) ? 1.1 : 0.8) }, words) : null;
      return h("g", { ...attributes, key: one.id }, this.lit(one) ? [h("a", to(one.go), [outline, name])] : [outline, name]);
    },
    badge(one) {
      if (one.look === "unknown" || one.doubtful) {
        return h("text", { class: "plan-doubt", x: this.size * 0.95, y: -this.size * 0.6, "font-size": this.size * 1.1 }, "?");
      }
      return null;
    },
    device(one) {
      const r = this.size * (this.lit(one) ? 1.15 : 0.85);
      const ring = one.fresh ? h("circle", { class: "plan-ring", r: r * 1.5 }) : null;
      const mark = this.lit(one)
        ? h("path", { class: "plan-mark", d: MARKS[one.look], transform: `translate(${r * 1.05} ${-r * 1.05}) scale(${r * 0.5})` }) : null;
      const symbol = h("path", { class: "plan-symbol", d: SYMBOLS[one.symbol] || SYMBOLS.other, transform: `scale(${r / 14}) translate(-12 -12)` });
      const parts = [
        h("title", {}, `${one.name} · ${one.words}`), ring, h("circle", { class: "plan-disc", r }), symbol, mark, this.badge(one),
        h("text", { class: "plan-name", y: one.fresh ? r * 1.5 + this.size : r + this.size * 0.75, "font-size": this.size * (this.lit(one) ? 0.85 : 0.62) }, this.caption(one)),
      ];
      return h("a", { ...to(one.go), key: one.id, class: "plan-device", "data-device": one.id, "data-look": one.look,
        "data-fresh": one.fresh ? "yes" : "no", "data-doubtful": one.doubtful ? "yes" : "no", "aria-label": `${one.name} · ${one.words}`,
        transform: `translate(${one.at[0]} ${one.at[1]})` }, parts);
    },
    caption(one) {
      return this.lit(one) || one.look === "unknown" ? `${one.name} · ${one.words}` : one.name;
    },
  },
  render() {
    if (!this.data) return h("div");
    const view = this.data.box.join(" ");
    const devices = [...this.data.devices].reverse(); // the worst is drawn last, above the others
    return h("div", { class: "plan", style: { aspectRatio: `${this.data.box[2]} / ${this.data.box[3]}`, "--ratio": this.data.box[2] / this.data.box[3] } }, [
      h("img", { class: "plan-drawing", src: this.data.src, alt: this.data.words, draggable: "false" }),
      h("svg", { class: "plan-over", viewBox: view, role: "group", "aria-label": this.data.words }, [
        ...this.data.zones.map(this.zone),
        ...devices.map(this.device),
      ]),
    ]);
  },
};
