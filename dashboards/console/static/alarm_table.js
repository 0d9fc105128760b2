// The rows of the alarm list. One element for all of them: a storm redraws a table, not thousands of parts.
// Rows come as JSON from alarm_row.py; every word goes into the page as text, never as markup.
const h = (tag, classes, children, attributes) => Vue.h(tag, { class: classes, ...attributes }, children);

export default {
  props: { rows: String },
  emits: ["act"],
  computed: {
    parsed() {
      return JSON.parse(this.rows);
    },
  },
  methods: {
    tick(mode, at, classes) {
      return Vue.h(Vue.resolveComponent("nicegui-tick"), { mode, at, class: classes });
    },
    badge(row) {
      return h("div", "badge", [
        h("div", `shape shape-${row.class}`),
        h("div", "badge-words", [h("div", "badge-class", row.class_words), h("div", "badge-level", row.level)]),
        row.first ? h("div", "badge-first", row.first) : null,
      ]);
    },
    words(row) {
      const open = () => this.$emit("act", { id: row.id, action: "details" });
      const lines = [h("div", "alarm-text", row.text), h("div", "alarm-place", row.place)];
      return h("div", "words", lines, { onClick: open });
    },
    owner(row) {
      return h("div", "owner", [
        h("div", row.nobody ? "owner-name nobody" : "owner-name", row.owner),
        row.responsible ? h("div", "escalated", row.responsible) : null,
        row.next ? h("div", "next-step", [h("span", "", row.next_words), this.tick("countdown", row.next, "countdown")]) : null,
        row.escalated ? h("div", "escalated", row.escalated) : null,
      ]);
    },
    button(row, { action, words, on, main }) {
      return h("button", main ? "act act-main" : "act", words, {
        type: "button",
        disabled: !on,
        "data-action": action,
        onClick: () => this.$emit("act", { id: row.id, action }),
      });
    },
    row(row) {
      const times = [h("div", "raised", row.raised), this.tick("elapsed", row.since, "elapsed")];
      const facts = row.facts.map(([mark, words, kind]) => h("div", `fact fact-${kind}`, `${mark} ${words}`));
      const cells = [
        this.badge(row),
        this.words(row),
        h("div", "times", times),
        h("div", "facts", facts),
        this.owner(row),
        h("div", "actions", row.buttons.map((button) => this.button(row, button))),
      ];
      return h("div", "alarm-grid alarm-row", cells, {
        key: row.id,
        "data-alert": row.id,
        "data-class": row.class,
        "data-fresh": row.fresh ? "yes" : "no",
        "data-first": row.pinned ? "yes" : "no",
      });
    },
  },
  render() {
    return h("div", "alarm-rows", this.parsed.map(this.row));
  },
};
