// How the page looks to who sits there: theme and size of the text, put on the root element, where dialogs see it too;
// and the cookies by which this browser remembers.
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
    keep(name, value) {
      document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=strict`;
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
