// States over time: a row for each point, a block for each state. Every word goes into the page as text.
const MARKS = { alarm: "▲ ", caution: "■ ", unknown: "? ", calm: "" };
const LEAST = 0.035; // share of the width below which a block has no room for words

export default {
  props: { bands: String, words: String },
  methods: {
    block(segment) {
      const share = segment.to - segment.from;
      return Vue.h(
        "span",
        {
          class: "band-block",
          "data-look": segment.look,
          title: segment.told,
          style: { left: `${segment.from * 100}%`, width: `${Math.max(share * 100, 0.15)}%` },
        },
        share > LEAST ? `${MARKS[segment.look] ?? ""}${segment.words}` : "",
      );
    },
    row(band) {
      const last = band.segments[band.segments.length - 1];
      return Vue.h("div", { class: "band", key: band.id, "data-band": band.id, role: "listitem", "aria-label": `${band.name}: ${last?.told ?? ""}` }, [
        Vue.h("span", { class: "band-name", title: band.name }, band.name),
        Vue.h("span", { class: "band-blocks" }, band.segments.map(this.block)),
      ]);
    },
  },
  render() {
    return Vue.h("div", { class: "bands", role: "list", "aria-label": this.words }, JSON.parse(this.bands).map(this.row));
  },
};
