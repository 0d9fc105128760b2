// The alarm list: thousands of alarms, of which the browser has the rows that it shows and some around them.
// The server says how many there are and gives the rows of the window that was asked for (window.py); rows have the
// same height, so the scroll bar is right. Every word goes into the page as text, never as markup.
const h = (tag, classes, children, attributes) => Vue.h(tag, { class: classes, ...attributes }, children);
const AROUND = 12;
const LOOK_MS = 80; // a scroll bar that is dragged asks twelve times a second, not with every picture
const AT_ONCE = 4; // rows made anew for one picture: a window of forty would cost several of them
const BLINK_MS = 500;
const rowOf = (id) => `alarm-row-${id}`;
// A box that cuts its words off costs each picture: only words that may be too long for their column are in one. Sizes
// are half widths that fit in the lines of the smallest column, however they break (alarms.css).
const FITS = { text: 40, place: 16, fact: 14 };
const WIDE = 1.25; // a bold letter beside half a Chinese sign
const FACTS_FIT = 4;
const width = (words) => [...words].reduce((sum, sign) => sum + (sign > "\u2e7f" ? 2 : WIDE), 0);
const cut = (name, words) => (width(words) > FITS[name] ? "cut" : "");

export default {
  props: { setup: String },
  emits: ["look", "act", "bulk", "open", "fold", "choose"],
  data: () => ({
    start: 0, total: 0, pin: 0, order: [], asked: null, top: 0, seen: 10, height: 64,
    current: null, chosen: new Set(), muted: new Set(), menu: null, drawings: 0,
  }),
  created() {
    this.rows = new Map();
    this.made = new Set(); // ids of rows that are drawn: of a new window those in sight come first
    this.kept = new Map(); // what was drawn last of each row, for the next drawing to leave alone what did not change
    this.awaited = null; // the place of a row that a key leads to and that the server has not sent yet
    this.config = JSON.parse(this.setup);
  },
  mounted() {
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.$refs.scroll);
    this.measure();
    this.look(true);
    this.blinking = setInterval(this.blink, BLINK_MS);
    if (document.activeElement === document.body) this.$refs.list.focus({ preventScroll: true });
    document.addEventListener("pointerdown", this.outside);
  },
  unmounted() {
    this.observer.disconnect();
    clearTimeout(this.later);
    clearInterval(this.blinking);
    cancelAnimationFrame(this.next);
    document.removeEventListener("pointerdown", this.outside);
  },
  methods: {
    // ---- what the server says
    tell(news) {
      const told = JSON.parse(news);
      for (const [number, row] of Object.entries(told.rows || {})) this.rows.set(Number(number), row);
      const anchor = this.anchor();
      this.start = told.start;
      this.total = told.total;
      this.pin = told.pin;
      if (told.order) this.order = told.order;
      const kept = new Set([...this.order, this.pin]);
      for (const number of this.rows.keys()) if (!kept.has(number)) this.rows.delete(number);
      this.make();
      this.$nextTick(() => this.settle(anchor));
    },
    make() {
      const ids = this.order.map((number) => this.rows.get(number)?.id);
      const present = new Set(ids);
      for (const id of this.made) if (!present.has(id)) this.made.delete(id);
      const middle = this.first() + this.seen / 2 - this.start;
      const missing = ids.map((id, at) => [Math.abs(at - middle), id]).filter(([, id]) => id && !this.made.has(id));
      missing.sort(([one], [other]) => one - other);
      for (const [, id] of missing.slice(0, AT_ONCE)) this.made.add(id);
      this.drawings += 1;
      cancelAnimationFrame(this.next);
      if (missing.length > AT_ONCE) this.next = requestAnimationFrame(this.make);
    },
    choose(ids) {
      this.chosen = new Set([...this.chosen, ...JSON.parse(ids)]);
    },
    silence(ids) {
      this.muted = new Set(JSON.parse(ids));
    },
    // ---- what is in sight
    measure() {
      this.height = this.$refs.probe.getBoundingClientRect().height || 64;
      const bar = this.$refs.scroll.offsetWidth - this.$refs.scroll.clientWidth;
      this.$refs.list.style.setProperty("--bar", `${bar}px`);
      this.seen = Math.ceil(this.$refs.scroll.clientHeight / this.height) + 1;
      this.look(false);
    },
    scrolled() {
      this.top = this.$refs.scroll.scrollTop;
      this.menu = null;
      this.look(false);
    },
    first() {
      return Math.floor(this.top / this.height);
    },
    look(fresh) {
      const from = Math.max(0, this.first() - AROUND);
      const count = this.seen + 2 * AROUND;
      const near = this.asked && Math.abs(this.asked.start - from) < AROUND / 2 && this.asked.count === count;
      if (near && !fresh) return;
      const wait = (this.lookedAt || 0) + LOOK_MS - Date.now();
      if (wait > 0 && !fresh) {
        clearTimeout(this.later);
        this.later = setTimeout(() => this.look(false), wait);
        return;
      }
      this.lookedAt = Date.now();
      this.asked = { start: from, count };
      this.$emit("look", { start: from, count, fresh });
    },
    anchor() {
      if (this.top < this.height / 2) return null;
      const at = this.first();
      const row = this.rows.get(this.order[at - this.start]);
      return row ? { id: row.id, at } : null;
    },
    settle(anchor) {
      if (anchor) {
        const at = this.order.findIndex((number) => this.rows.get(number)?.id === anchor.id);
        const moved = at < 0 ? 0 : at + this.start - anchor.at;
        if (moved) {
          this.$refs.scroll.scrollTop += moved * this.height;
          this.top = this.$refs.scroll.scrollTop;
        }
      }
      this.arrive();
      const shown = [this.rows.get(this.pin), ...this.order.map((number) => this.rows.get(number))];
      if (this.menu && !shown.some((row) => row?.id === this.menu.id)) this.menu = null;
    },
    arrive() {
      if (this.awaited === null) return;
      const at = Math.min(this.awaited, this.total - 1);
      const row = this.rowAt(at);
      if (!row) return this.reveal(at);
      this.mark(row.id);
      this.reveal(at);
      this.awaited = null;
    },
    // ---- the marked row: known by its alarm, so that nothing that comes or goes puts another under a key
    at(id) {
      if (id !== null && this.rows.get(this.pin)?.id === id) return -1;
      const at = this.order.findIndex((number) => this.rows.get(number)?.id === id);
      return at < 0 ? null : at + this.start;
    },
    rowAt(at) {
      return this.rows.get(at < 0 ? this.pin : this.order[at - this.start]);
    },
    mark(id) {
      this.current = id;
    },
    move(by) {
      const least = this.pin ? -1 : 0;
      const known = this.at(this.current);
      const from = known ?? (this.top > this.height ? this.first() : least - 1);
      const to = Math.max(least, Math.min(this.total - 1, from + by));
      this.reveal(to);
      const row = this.rowAt(to);
      if (row) this.mark(row.id);
      this.awaited = row ? null : to === this.total - 1 ? Infinity : to;
    },
    reveal(at) {
      const scroll = this.$refs.scroll;
      if (at < 0) return;
      if (at * this.height < scroll.scrollTop) scroll.scrollTop = at * this.height;
      const below = (at + 1) * this.height - scroll.clientHeight;
      if (below > scroll.scrollTop) scroll.scrollTop = below;
    },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const letter = !(key in { ArrowDown: 1, ArrowUp: 1, j: 1, k: 1, PageDown: 1, PageUp: 1 });
      if (event.repeat && letter) return;
      const inside = event.target.closest("button, input, a");
      if (inside && (key === "Enter" || key === " ")) return;
      const page = Math.max(1, this.seen - 2);
      const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
      const row = this.marked();
      if (key in moves && !this.menu) this.move(moves[key]);
      else if (key === "Escape" && this.menu) this.closeMenu();
      else if ((key === "ArrowDown" || key === "ArrowUp") && this.menu) this.moveMenu(key === "ArrowDown" ? 1 : -1);
      else if (row && key === "Enter") this.open(row);
      else if (row?.group === undefined && row?.bulk && key === "x") this.turn(row);
      else if (row && !row.group && this.config.keys[key]) this.act(row.id, this.config.keys[key]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    marked() {
      const at = this.at(this.current);
      return at === null ? undefined : this.rowAt(at);
    },
    // ---- what people do
    open(row) {
      if (row.group) this.$emit("fold", { group: row.group });
      else this.$emit("open", { id: row.id });
    },
    act(id, action) {
      this.menu = null;
      this.$emit("act", { id, action });
    },
    turn(row) {
      const chosen = new Set(this.chosen);
      if (!chosen.delete(row.id)) chosen.add(row.id);
      this.chosen = chosen;
    },
    bulk(action) {
      this.$emit("bulk", { ids: [...this.chosen], action });
      this.chosen = new Set();
    },
    more(row, event) {
      const box = event.currentTarget.getBoundingClientRect();
      this.menu = this.menu?.id === row.id ? null : { id: row.id, right: window.innerWidth - box.right, top: box.bottom, bottom: window.innerHeight - box.top };
      this.$nextTick(() => this.$refs.menu?.querySelector("button:not(:disabled)")?.focus());
    },
    moveMenu(by) {
      const buttons = [...this.$refs.menu.querySelectorAll("button:not(:disabled)")];
      buttons[(buttons.indexOf(document.activeElement) + by + buttons.length) % buttons.length]?.focus();
    },
    closeMenu() {
      this.menu = null;
      this.$refs.list.focus({ preventScroll: true });
    },
    outside(event) {
      if (this.menu && !event.target.closest(".alarm-menu, [data-action=more]")) this.menu = null;
    },
    // ---- drawing
    // An animation of each row's mark would be a layer of each row: one attribute blinks for all of them.
    blink() {
      this.$refs.list.dataset.dim = this.$refs.list.dataset.dim === "yes" ? "no" : "yes";
    },
    once(row, place, draw) {
      const looks = [row, place, this.current === row.id, this.chosen.has(row.id), this.muted.has(row.id), this.menu?.id === row.id];
      const known = this.kept.get(row.id);
      const drawn = known && looks.every((look, at) => look === known.memo[at]) ? known : draw();
      drawn.memo = looks; // Vue leaves alone what is the very same as before, and copies what has no memo
      this.keeping.set(row.id, drawn);
      return drawn;
    },
    tick(mode, at, classes) {
      return Vue.h(Vue.resolveComponent("nicegui-tick"), { mode, at, class: classes });
    },
    words(name, count) {
      return this.config.words[name].replace("{count}", count);
    },
    choice(row) {
      if (!row.bulk || !this.config.bulk.length) return h("span", "choose");
      const box = h("input", "", null, {
        type: "checkbox", tabindex: -1, checked: this.chosen.has(row.id), "aria-label": `${this.words("choose_alarm")}: ${row.text}`,
        "data-action": "choose", onChange: () => this.turn(row),
      });
      return h("label", "choose", [box], { role: "gridcell" });
    },
    badge(row, pinned) {
      const first = row.first || (pinned ? this.words("first_alarm") : "");
      return h("div", "badge", [
        h("span", `shape shape-${row.class}`, null, { "aria-hidden": "true" }),
        h("span", "badge-words", [h("span", "badge-class", row.class_words), h("span", "badge-level", row.level)]),
        first ? h("span", "badge-first", first) : null,
      ], { role: "gridcell" });
    },
    text(row) {
      const link = h("a", `alarm-text ${cut("text", row.text)}`, row.text, {
        href: `/alarm/${row.id}`, "data-go": `/alarm/${row.id}`, tabindex: this.current === row.id ? 0 : -1, title: row.text,
      });
      return h("div", "words", [link], { role: "gridcell" });
    },
    facts(row) {
      const shown = this.muted.has(row.id) ? [...row.facts, ["♪̸", this.words("muted"), "calm"]] : row.facts;
      const facts = shown.map(([mark, words, kind]) => h("span", `fact fact-${kind} ${cut("fact", words)}`, [h("i", "", mark, { "aria-hidden": "true" }), words]));
      return h("div", facts.length > FACTS_FIT ? "facts cut" : "facts", facts, { role: "gridcell", title: shown.map(([mark, words]) => `${mark} ${words}`).join("\n") });
    },
    owner(row) {
      return h("div", "owner", [
        h("span", row.owner ? "owner-name" : "owner-name nobody", row.owner || this.words("owner_none")),
        row.responsible && !row.owner ? h("span", "escalated", row.responsible) : null,
        row.next ? h("span", "next-step", [`↑ ${row.next_words} `, this.tick("countdown", row.next, "countdown")]) : null,
        row.escalated ? h("span", "escalated", row.escalated) : null,
      ], { role: "gridcell" });
    },
    button(row, action, words, main) {
      return h("button", main ? "act act-main" : "act", words, {
        type: "button", disabled: !row.can.includes(action), "data-action": action,
        tabindex: this.current === row.id ? 0 : -1, onClick: () => this.act(row.id, action),
      });
    },
    actions(row) {
      const words = new Map(this.config.actions);
      const main = this.config.in_row.find((action) => row.can.includes(action));
      const buttons = this.config.in_row.map((action) => this.button(row, action, words.get(action), action === main && row.fresh));
      const more = h("button", "act", "⋯", {
        type: "button", "data-action": "more", "aria-label": this.words("more_actions"), "aria-haspopup": "menu",
        "aria-expanded": this.menu?.id === row.id, tabindex: this.current === row.id ? 0 : -1, onClick: (event) => this.more(row, event),
      });
      return h("div", "actions", [...buttons, more], { role: "gridcell" });
    },
    alarm(row, pinned, style) {
      const place = row.place.map((words, at) => h("div", `place place-${at} ${cut("place", words)}`, words, { role: "gridcell", title: words }));
      const times = h("div", "times", [h("span", "raised", row.raised), this.tick("elapsed", row.since, "elapsed")], { role: "gridcell", title: row.moment });
      const cells = [this.choice(row), this.badge(row, pinned), this.text(row), ...place, times, this.facts(row), this.owner(row), this.actions(row)];
      return h("div", "alarm-grid alarm-row", cells, {
        key: row.id, id: rowOf(row.id), role: "row", style, "data-alert": row.id, "data-class": row.class,
        "data-fresh": row.fresh ? "yes" : "no", "data-first": pinned ? "yes" : "no", "data-flood": row.flood ? "yes" : undefined,
        "data-current": this.current === row.id ? "yes" : "no", "aria-selected": this.chosen.has(row.id), onPointerdown: () => this.mark(row.id),
      });
    },
    group(row, style) {
      const counts = row.counts.map(([kind, words, count]) => h("span", "group-count", [
        h("span", `shape shape-${kind}`, null, { "aria-hidden": "true" }), `${words} `, h("b", "", String(count)),
      ], { "data-class": kind }));
      const title = h("button", "group-title", [h("i", "", row.open ? "▾ " : "▸ ", { "aria-hidden": "true" }), row.title, h("b", "group-size", String(row.size))], {
        type: "button", "data-action": "fold", "aria-expanded": row.open, tabindex: this.current === row.id ? 0 : -1,
        "aria-label": `${row.title} ${row.size}: ${this.words(row.open ? "group_close" : "group_open")}`, onClick: () => this.open(row),
      });
      const choose = row.bulk && this.config.bulk.length ? h("button", "act", this.words("choose_group"), {
        type: "button", "data-action": "choose-group", tabindex: this.current === row.id ? 0 : -1, onClick: () => this.$emit("choose", { group: row.group }),
      }) : null;
      const fresh = row.fresh ? h("span", "group-fresh", `! ${this.words("group_fresh", row.fresh)}`) : null;
      const cells = [title, h("div", "group-counts", counts), fresh, this.tick("elapsed", row.since, "elapsed"), choose];
      return h("div", "alarm-row alarm-group", [h("div", "group-cell", cells, { role: "gridcell" })], {
        key: row.id, id: rowOf(row.id), role: "row", style, "data-group": row.group, "data-class": row.counts[0]?.[0],
        "data-current": this.current === row.id ? "yes" : "no", onPointerdown: () => this.mark(row.id),
      });
    },
    entry(number, at) {
      const row = this.rows.get(number);
      if (!row || !this.made.has(row.id)) return null;
      const top = (this.start + at) * this.height;
      const style = { top: `${top}px` };
      return this.once(row, top, () => (row.group ? this.group(row, style) : this.alarm(row, false, style)));
    },
    toolbar() {
      if (!this.chosen.size) return null;
      const buttons = this.config.bulk.map(([action, words]) => h("button", "act", words, {
        type: "button", "data-bulk": action, onClick: () => this.bulk(action),
      }));
      const none = h("button", "act", this.words("choose_none"), { type: "button", "data-bulk": "none", onClick: () => { this.chosen = new Set(); } });
      return h("div", "alarm-chosen", [h("span", "chosen-count", this.words("chosen", this.chosen.size)), ...buttons, none], { role: "toolbar" });
    },
    overlay() {
      const row = [this.pin, ...this.order].map((number) => this.rows.get(number)).find((one) => one && one.id === this.menu?.id);
      if (!row) return null;
      const buttons = this.config.actions.filter(([action]) => !this.config.in_row.includes(action)).map(([action, words]) => h("button", "act", words, {
        type: "button", role: "menuitem", disabled: !row.can.includes(action), "data-action": action, onClick: () => this.act(row.id, action),
      }));
      const above = this.menu.top > window.innerHeight / 2;
      const place = above ? { bottom: `${this.menu.bottom}px` } : { top: `${this.menu.top}px` };
      return h("div", "alarm-menu", buttons, { ref: "menu", role: "menu", style: { right: `${this.menu.right}px`, ...place } });
    },
    head() {
      const names = [h("span", "choose"), ...this.config.columns.map((words, at) => h("span", `head-${at}`, words, { role: "columnheader" }))];
      return h("div", "alarm-grid alarm-head", names, { role: "row" });
    },
  },
  render() {
    const pinned = this.rows.get(this.pin);
    this.keeping = new Map();
    const drawn = this.drawings ? this.order.map(this.entry).filter((row) => row) : [];
    this.kept = this.keeping;
    const space = h("div", "alarm-space", drawn, { style: { height: `${this.total * this.height}px` }, role: "rowgroup" });
    const scroll = h("div", "alarm-scroll", [space], { ref: "scroll", onScroll: this.scrolled, tabindex: -1 });
    const pin = pinned ? h("div", "alarm-pinned", [this.alarm(pinned, true)], { role: "rowgroup" }) : null;
    return h("div", "alarm-rows", [h("div", "alarm-probe", null, { ref: "probe", "aria-hidden": "true" }), this.toolbar(), this.head(), pin, scroll, this.overlay()], {
      ref: "list", role: "grid", tabindex: 0, "aria-label": this.words("alarms_list"), "aria-rowcount": this.total + (this.pin ? 1 : 0),
      "aria-multiselectable": true, "aria-activedescendant": this.marked() ? rowOf(this.current) : undefined, onKeydown: this.key,
    });
  },
};
