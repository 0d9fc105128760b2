// A table of any page. Columns and rows come as JSON from the server; every word goes into the page as text.
// A click on a head sorts in the browser; rows keep the server's order until then.
const h = (tag, classes, children, attributes) => Vue.h(tag, { class: classes, ...attributes }, children);

const wordsOf = (cell) => (cell !== null && typeof cell === "object" ? cell.words : cell) ?? "";

function compare(a, b) {
  const [x, y] = [wordsOf(a), wordsOf(b)];
  if (typeof x === "number" && typeof y === "number") return x - y;
  return String(x).localeCompare(String(y), undefined, { numeric: true });
}

export default {
  props: { columns: String, rows: String, words: String },
  emits: ["act"],
  data: () => ({ by: null, down: false }),
  computed: {
    parsedColumns() {
      return JSON.parse(this.columns);
    },
    grid() {
      return this.parsedColumns.map((column) => column.width).join(" ");
    },
    sorted() {
      const rows = JSON.parse(this.rows);
      if (this.by === null) return rows;
      const way = this.down ? -1 : 1;
      return [...rows].sort((a, b) => way * compare(a.cells[this.by], b.cells[this.by]));
    },
  },
  methods: {
    sort(key) {
      this.down = this.by === key && !this.down;
      this.by = key;
    },
    head(column) {
      if (!column.words) return h("span", "data-head", "", { role: "columnheader" });
      const chosen = this.by === column.key;
      const order = chosen ? (this.down ? "descending" : "ascending") : "none";
      const mark = chosen ? (this.down ? " ▼" : " ▲") : "";
      const button = h("button", "data-sort", `${column.words}${mark}`, { type: "button", onClick: () => this.sort(column.key) });
      return h("span", `data-head data-${column.kind}`, [button], { role: "columnheader", "aria-sort": order });
    },
    content(column, cell) {
      const value = wordsOf(cell);
      if (value === "") return "";
      const runs = column.kind === "elapsed" || column.kind === "countdown";
      if (runs && typeof value === "number") {
        return [Vue.h(Vue.resolveComponent("nicegui-tick"), { mode: column.kind, at: value })];
      }
      const mark = cell?.mark ? [h("span", "cell-mark", cell.mark, { "aria-hidden": "true" })] : [];
      const words = h("span", "cell-words", String(value));
      if (cell?.go) return [h("a", "cell-link", [...mark, words], { href: cell.go, "data-go": cell.go })];
      return [...mark, words];
    },
    cell(column, row) {
      const cell = row.cells[column.key] ?? "";
      const look = cell?.look || undefined;
      return h("span", `data-cell data-${column.kind}`, this.content(column, cell), {
        role: "cell",
        "data-cell": column.key,
        "data-look": look,
        title: typeof wordsOf(cell) === "string" ? wordsOf(cell) : undefined,
      });
    },
    button(row, { action, words, on, main }) {
      return h("button", main ? "act act-main" : "act", words, {
        type: "button",
        disabled: on === false,
        "data-action": action,
        onClick: () => this.$emit("act", { id: row.id, action }),
      });
    },
    row(row) {
      const cells = this.parsedColumns.map((column) => this.cell(column, row));
      const buttons = (row.buttons || []).map((button) => this.button(row, button));
      if (buttons.length) cells.push(h("span", "data-actions", buttons, { role: "cell" }));
      return h("div", "data-row", cells, {
        key: row.id,
        role: "row",
        "data-row": row.id,
        "data-look": row.look || undefined,
        style: { gridTemplateColumns: buttons.length ? `${this.grid} max-content` : this.grid },
      });
    },
  },
  render() {
    const head = h("div", "data-row data-header", this.parsedColumns.map(this.head), {
      role: "row",
      style: { gridTemplateColumns: this.grid },
    });
    const rows = h("div", "data-rows", this.sorted.map(this.row), { role: "rowgroup" });
    return h("div", "data-table", [head, rows], { role: "table", "aria-label": this.words });
  },
};
