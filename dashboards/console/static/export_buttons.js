// Saves an answer of the API as a file and says how far it is: what has come, how many alerts, that there is more, or
// why there is nothing. The file is put together in the browser; its name is ours, not the answer's.
const STEP_MS = 200;

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

export default {
  props: { setup: String },
  data: () => ({ busy: null, words: "", failed: false }),
  created() {
    this.config = JSON.parse(this.setup);
  },
  methods: {
    say(name, places = {}) {
      this.failed = name === "export_failed" || name === "export_away";
      this.words = this.config.words[name].replace(/\{(\w+)\}/g, (whole, key) => places[key] ?? whole);
    },
    async save(name, address) {
      this.busy = name;
      this.say("export_running", { size: size(0) });
      try {
        const answer = await fetch(address, { cache: "no-store" });
        if (!answer.ok) return this.say("export_failed", { reason: await this.reason(answer) });
        const pieces = await this.read(answer.body.getReader());
        const blob = new Blob(pieces, { type: answer.headers.get("content-type") });
        this.hand(name, blob);
        const cut = answer.headers.get("fengsui-next-cursor") || (await this.cutInText(name, blob));
        this.say(cut ? "export_cut" : "export_done", { size: size(blob.size) });
      } catch {
        this.say("export_away");
      } finally {
        this.busy = null;
      }
    },
    async read(reader) {
      const pieces = [];
      let [bytes, said] = [0, 0];
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return pieces;
        pieces.push(value);
        bytes += value.length;
        if (Date.now() - said > STEP_MS) {
          said = Date.now();
          this.say("export_running", { size: size(bytes) });
        }
      }
    },
    async cutInText(name, blob) {
      if (!name.endsWith(".csv")) return false;
      const end = await blob.slice(-200).text();
      return /(^|\n)next_cursor,[^\n]*\n?$/.test(end.replace(/\r/g, ""));
    },
    async reason(answer) {
      try {
        const problem = await answer.json();
        const said = String(problem.detail ?? problem.title ?? answer.status);
        const [zh, en] = said.split(" / ");
        return document.querySelector(".screen")?.lang === "en" ? en ?? zh : zh;
      } catch {
        return String(answer.status);
      }
    },
    hand(name, blob) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    },
  },
  render() {
    const buttons = Object.entries(this.config.files).map(([name, [address, words]]) => Vue.h("button", {
      type: "button", class: "act", disabled: this.busy !== null, "data-export": name, onClick: () => this.save(name, address),
    }, words));
    const note = Vue.h("span", { class: this.failed ? "export-note export-failed" : "export-note", role: "status", "data-part": "export-note" }, this.words);
    return Vue.h("div", { class: "exports" }, [...buttons, note]);
  },
};
