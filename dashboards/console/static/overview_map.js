// Units where they lie, as they come from the server in the sheet's own coordinates: nothing is asked of anybody else.
// Shape, colour and word say the same; a fire is drawn last, so it lies on top; only what nobody acknowledged pulses.
const h = (tag, attributes, children) => Vue.h(tag, attributes, children);
const to = (path) => ({ href: path, "data-go": path });

// Outlines of the classes' marks round (0, 0), as on floor plans.
const SHAPES = {
  fire: "M0-1L1 .85H-1z", linkage: "M0-1L1 0 0 1-1 0z", supervisory: "M0-1a1 1 0 1 0 .01 0z",
  fault: "M-.85-.85H.85V.85H-.85z", disabled: "M-1-.32H1V.32H-1z", hazard: "M-.5-.9H.5L1 0 .5.9H-.5L-1 0z",
};
const NARROW = 560, WIDE = 1250;   // pixels of the map's room, from which on another sheet fits better
const NAME = 13, LIT = 14.5, ONE = 8, LIT_ONE = 12;

const lit = (one) => one.look !== "calm" && one.look !== "unknown";
const radius = (one) => (one.count > 1 ? Math.min(23, 13 + 2.2 * Math.log2(one.count)) : lit(one) ? LIT_ONE : ONE);
const caption = (one) => {
  if (one.count > 1) return one.open;
  return lit(one) ? `${one.name} · ${one.open}` : one.name;
};
const size = (one) => (lit(one) ? LIT : NAME);
const width = (words, size) => [...words].reduce((sum, sign) => sum + (sign.codePointAt(0) > 0x2e7f ? 1 : 0.56), 0) * size;
const shared = (a, b) => Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));

// Where words may stand round a mark, the best place first; none of it outside the sheet.
function around(one, words, wide, high) {
  const [x, y] = one.at, r = radius(one) + 4, font = size(one), long = width(words, font), tall = font * 1.25;
  const right = x + r, left = x - r - long, middle = x - long / 2, over = y - r - tall, under = y + r, level = y - tall / 2;
  return [[right, level], [left, level], [middle, under], [middle, over], [x, under], [x, over], [x - long, under], [x - long, over]]
    .map(([at, top]) => ({ words, font, x: at, y: top + tall * 0.78, box: [at, top, at + long, top + tall] }))
    .filter(({ box }) => box[0] > 2 && box[1] > 2 && box[2] < wide - 2 && box[3] < high - 2);
}

export default {
  props: { drawn: String },
  emits: ["form"],
  computed: {
    data() {
      return JSON.parse(this.drawn);
    },
    // While anything is lit, Tab goes from one lit mark to the next: nobody steps over hundreds of calm ones to a fire.
    passed() {
      const some = this.data.marks.some(lit);
      return (one) => some && !lit(one);
    },
    // Names where they hide nothing: the worst chooses first; what is lit is named in any case.
    names() {
      const [wide, high] = this.data.size;
      const taken = this.data.marks.map((one) => {
        const r = radius(one);
        return [one.at[0] - r, one.at[1] - r, one.at[0] + r, one.at[1] + r];
      });
      taken.push([0, high - 34, this.data.bar.length + 40, high], [wide - 44, 0, wide, 56]);
      const names = [];
      for (const one of [...this.data.marks].reverse()) {
        const said = [caption(one), ...(lit(one) ? [one.open] : [])].filter(Boolean); // where a name has no room, what is open has
        const places = said.flatMap((words) => around(one, words, wide, high));
        for (const place of places) place.hides = taken.reduce((sum, other) => sum + shared(place.box, other), 0);
        const best = places.reduce((least, place) => (!least || place.hides < least.hides ? place : least), null);
        if (!best || (best.hides && !lit(one))) continue;
        taken.push(best.box);
        names.push({ one, ...best });
      }
      return names.reverse();
    },
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.tell());
    this.watcher.observe(this.$el);
    this.tell();
  },
  beforeUnmount() {
    this.watcher.disconnect();
  },
  methods: {
    tell() {
      const wide = this.$el.clientWidth;
      if (!wide) return;
      const form = wide < NARROW ? "phone" : wide < WIDE ? "desk" : "wall";
      if (form !== this.told) this.$emit("form", (this.told = form));
    },
    mark(one) {
      const r = radius(one), words = [one.name, one.open, one.state].filter(Boolean).join(" · ");
      const parts = [h("title", {}, words)];
      if (one.fresh) parts.push(h("circle", { class: "map-ring", r: r + 7 }));
      parts.push(...(one.count > 1 ? this.several(one, r) : this.single(one, r)));
      return h("a", { ...to(one.go), key: one.id, class: "map-mark", "data-mark": one.id, "data-count": one.count, "data-look": one.look,
        "data-fresh": one.fresh ? "yes" : "no", "data-doubtful": one.doubtful ? "yes" : "no", "aria-label": words,
        tabindex: this.passed(one) ? "-1" : undefined, transform: `translate(${one.at[0]} ${one.at[1]})` }, parts);
    },
    single(one, r) {
      const parts = [h("circle", { class: "map-touch", r: 22 })];
      if (lit(one)) parts.push(h("circle", { class: "map-disc", r: r + 3 }), h("path", { class: "map-shape", d: SHAPES[one.look], transform: `scale(${r})` }));
      else parts.push(h("circle", { class: "map-disc", r }));
      if (one.look === "unknown") parts.push(h("text", { class: "map-doubt", y: 4.5, "font-size": 13 }, "?"));
      else if (one.doubtful) parts.push(this.doubt(r));
      return parts;
    },
    several(one, r) {
      const parts = [h("circle", { class: "map-disc", r }), h("text", { class: "map-count", y: 5, "font-size": one.count > 999 ? 12.5 : 14.5 }, String(one.count))];
      if (lit(one)) parts.push(h("circle", { class: "map-badge", cx: r * 0.78, cy: -r * 0.78, r: 10.5 }),
        h("path", { class: "map-shape", d: SHAPES[one.look], transform: `translate(${r * 0.78} ${-r * 0.78}) scale(7.5)` }));
      if (one.doubtful) parts.push(this.doubt(r));
      return parts;
    },
    doubt(r) {
      return h("g", { transform: `translate(${r * 0.8} ${r * 0.8})` }, [h("circle", { class: "map-query", r: 7.5 }), h("text", { class: "map-doubt", y: 4.2, "font-size": 12 }, "?")]);
    },
    name({ one, words, font, x, y }) {
      return h("text", { key: `name-${one.id}`, class: "map-name", "data-look": one.look, x, y, "font-size": font, "aria-hidden": "true" }, words);
    },
    grid() {
      const [wide, high] = this.data.size, step = this.data.bar.length, lines = [];
      for (let x = ((wide / 2) % step) - Math.ceil(wide / step) * step; x < 2 * wide; x += step) lines.push(`M${x} ${-high}V${2 * high}`);
      for (let y = ((high / 2) % step) - Math.ceil(high / step) * step; y < 2 * high; y += step) lines.push(`M${-wide} ${y}H${2 * wide}`);
      return h("path", { class: "map-grid", d: lines.join("") });
    },
    bar() {
      const { length, words } = this.data.bar, high = this.data.size[1];
      return h("g", { class: "map-bar", transform: `translate(14 ${high - 14})` }, [
        h("path", { d: `M0-6V0H${length}V-6` }), h("text", { x: length / 2, y: -9, "font-size": 12 }, words),
      ]);
    },
    north() {
      return h("g", { class: "map-north", transform: `translate(${this.data.size[0] - 22} 40)`, "aria-hidden": "true" }, [
        h("path", { d: "M0-22L6 0 0-5-6 0z" }), h("text", { y: 13, "font-size": 12 }, "N"),
      ]);
    },
  },
  render() {
    if (!this.data) return h("div", { class: "map" });
    const middle = this.data.size.map((one) => one / 2);
    const nothing = this.data.nothing ? [h("text", { class: "map-nothing", x: middle[0], y: middle[1], "font-size": 16 }, this.data.nothing)] : [];
    return h("div", { class: "map", "data-form": this.data.form }, [
      h("svg", { class: "map-sheet", viewBox: `0 0 ${this.data.size.join(" ")}`, role: "group", "aria-label": this.data.words },
        [this.grid(), this.bar(), this.north(), ...this.data.marks.map(this.mark), ...this.names.map(this.name), ...nothing]),
    ]);
  },
};
