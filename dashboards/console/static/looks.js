// How the page looks to who sits there: theme and size of the text, put on the root element, where dialogs see it too.
export default {
  props: { theme: String, size: Number },
  mounted() {
    this.put();
  },
  methods: {
    put() {
      document.documentElement.dataset.theme = this.theme;
      document.documentElement.style.setProperty("--size", String(this.size / 100));
    },
  },
  watch: {
    theme() {
      this.put();
    },
    size() {
      this.put();
    },
  },
  render() {
    return Vue.h("span", { hidden: true });
  },
};
