// Runs in the console's page before any component is known; NiceGUI's own start follows. `app` is its application.
// Under our policy nothing is made of text at run time. NiceGUI does so in two places, and here is what stands there:
// code that the server sends runs as a script element with this page's nonce, and the few components that come as
// templates get functions in their place. A template that is not here would need a compiler, and stays a blank:
// the tests open every page and fail on the violation.
const nonce = document.querySelector("script[nonce]").nonce;

// Trusted types, where a browser has them: markup that a library writes goes through DOMPurify, which the page's own
// module has imported; text can't become a script in any other way than the one below.
const policies = globalThis.trustedTypes ?? { createPolicy: (_, policy) => policy };
policies.createPolicy("default", { createHTML: (html) => DOMPurify.sanitize(html) });
const trusted = policies.createPolicy("fengsui", { createScript: (code) => code });

globalThis.runJavascript = (code, request_id) => {
  const name = `ran_${crypto.getRandomValues(new Uint32Array(2)).join("_")}`;
  const script = document.createElement("script");
  script.nonce = nonce;
  script.textContent = trusted.createScript(`globalThis.${name} = (async () => {${code}\n})();`);
  document.head.append(script);
  script.remove();
  const result = globalThis[name];
  delete globalThis[name];
  result?.then((value) => {
    if (request_id) window.socket.emit("javascript_response", { request_id, client_id: window.clientId, result: value });
  });
};

globalThis.addStyle = (content) => {
  const style = document.createElement("style");
  style.nonce = nonce;
  style.textContent = content;
  document.head.append(style);
};

const component = (name) => Vue.resolveComponent(name);
const listOf = (one) => `${one.id}-datalist`;
const DRAWN = {
  input() {
    const own = {
      ref: "qRef",
      modelValue: this.inputValue,
      "onUpdate:modelValue": (value) => (this.inputValue = value),
      shadowText: this.shadowText,
      onKeydown: Vue.withKeys((event) => this.perform_autocomplete(event), ["tab"]),
      list: listOf(this),
    };
    const options = () => this._autocomplete.map((option) => Vue.h("option", { value: option }));
    return [
      Vue.h(component("q-input"), Vue.mergeProps(this.$attrs, own), this.$slots),
      this.withDatalist ? Vue.h("datalist", { id: listOf(this) }, options()) : null,
    ];
  },
  dialog() {
    return Vue.h(component("q-dialog"), { onShow: this.addClass, onHide: this.removeClass }, this.$slots);
  },
  select() {
    const own = {
      ref: "qRef",
      options: this.filteredOptions,
      onFilter: this.filterFn,
      onPopupShow: this.addClass,
      onPopupHide: this.removeClass,
      onInputValue: this.forwardInputValue,
      "onUpdate:modelValue": this.forwardModelValue,
    };
    return Vue.h(component("q-select"), own, this.$slots);
  },
  link() {
    return Vue.h("a", { href: this.computed_href, target: this.target }, this.$slots.default?.());
  },
  expansion() {
    const content = () => Vue.h("div", { class: "nicegui-expansion-content" }, this.$slots.default?.());
    return Vue.h(component("q-expansion-item"), { ref: "qRef" }, { ...this.nonDefaultSlots, default: content });
  },
  echart() {
    return Vue.h("div");
  },
};

const register = app.component.bind(app);
app.component = (name, definition) => {
  const draw = DRAWN[name.replace("nicegui-", "")];
  if (definition?.template && draw) {
    delete definition.template;
    definition.render = draw;
  }
  return definition === undefined ? register(name) : register(name, definition);
};
