// Addresses inside the console: a click on a link of ours, or the browser's way back, asks the server for
// another body instead of loading the page anew. With a modifier key a link stays the browser's own.
export default {
  emits: ["go"],
  mounted() {
    document.addEventListener("click", this.click);
    window.addEventListener("popstate", this.back);
  },
  unmounted() {
    document.removeEventListener("click", this.click);
    window.removeEventListener("popstate", this.back);
  },
  methods: {
    click(event) {
      const link = event.target.closest?.("a[data-go]");
      if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.$emit("go", { to: link.dataset.go, push: true });
    },
    back() {
      this.$emit("go", { to: window.location.pathname + window.location.search, push: false });
    },
    push(to, title) {
      if (to !== window.location.pathname + window.location.search) window.history.pushState({}, "", to);
      this.name(title);
    },
    name(title) {
      document.title = title;
    },
  },
  render() {
    return Vue.h("span", { hidden: true });
  },
};
