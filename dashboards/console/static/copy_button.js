// A button that puts a text on the clipboard, where the browser allows it; else it selects nothing and says so.
export default {
  props: { content: String, words: String, done: String },
  data: () => ({ copied: false }),
  methods: {
    async copy() {
      if (navigator.clipboard) await navigator.clipboard.writeText(this.content);
      else this.copyOldWay();
      this.copied = true;
    },
    copyOldWay() {
      // pages without TLS have no clipboard but this one
      const field = document.createElement("textarea");
      field.value = this.content;
      this.$el.parentNode.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    },
  },
  render() {
    const words = this.copied ? this.done : this.words;
    return Vue.h("button", { type: "button", class: "act act-main", "data-action": "copy", onClick: this.copy }, words);
  },
};
