// Tiles of areas and units, and bars of floors: a place, how it stands, what is open in it. Each is a link; each
// figure in it is one to its rows. Words go into the page as text, never as markup.
const h = (tag, classes, children, attributes) => Vue.h(tag, { class: classes, ...attributes }, children);
const to = (path) => ({ href: path, "data-go": path });

export default {
  props: { drawn: String },
  computed: {
    data() {
      return JSON.parse(this.drawn) || { form: "tiles", groups: [] };
    },
  },
  methods: {
    count(one) {
      return h("a", "tile-count", [
        h("span", `shape shape-${one.kind}`, null, { "aria-hidden": "true" }),
        h("span", "tile-number", String(one.count)),
        h("span", "tile-kind", one.words),
      ], { ...to(one.go), "data-kind": one.kind, "data-fresh": one.fresh ? "yes" : "no" });
    },
    tile(one) {
      const mark = one.look === "unknown" ? h("span", "tile-mark", "?", { "aria-hidden": "true" })
        : h("span", `shape shape-${one.look}`, null, { "aria-hidden": "true" });
      const head = h("a", "tile-head", [
        mark,
        h("span", "tile-name", one.name),
        h("span", "tile-state", one.state),
      ], { ...to(one.go), title: one.name });
      return h("div", "tile", [
        head,
        one.note ? h("div", "tile-note", one.note) : null,
        one.counts.length ? h("div", "tile-counts", one.counts.map(this.count)) : null,
      ], { key: one.id, "data-tile": one.id, "data-look": one.look, "data-fresh": one.fresh ? "yes" : "no", role: "listitem" });
    },
    group(one, at) {
      return h("section", "tile-group", [
        one.title ? h("h2", "tile-title", [one.title, one.note ? h("span", "tile-group-note", one.note) : null]) : null,
        h("div", `tiles tiles-${this.data.form}`, one.tiles.map(this.tile), { role: "list" }),
      ], { key: at });
    },
  },
  render() {
    return h("div", "tile-groups", this.data.groups.map(this.group));
  },
};
