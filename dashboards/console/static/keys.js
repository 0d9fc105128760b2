// Keys of the whole page. A key that is typed into a field or held with a modifier belongs to that, not to the page; and
// while a dialog is open only those that are `always`.
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

export default {
  props: { keys: String, always: String },
  emits: ["key"],
  mounted() {
    document.addEventListener("keydown", this.press);
  },
  unmounted() {
    document.removeEventListener("keydown", this.press);
  },
  methods: {
    press(event) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (typing(event.target)) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const taken = document.querySelector(".q-dialog") ? this.always : this.keys;
      if (!JSON.parse(taken).includes(key)) return;
      event.preventDefault();
      this.$emit("key", { key });
    },
  },
  render() {
    return Vue.h("span", { hidden: true });
  },
};
