// The grid or table of the pictures that a filter lets through.

import { card, row } from "./card.js";
import { arrange, byId, count, el, whole } from "./dom.js";
import { wakeInIdleTime } from "./picture.js";

export const STEP = { grid: 96, table: 250 };
const MAKE = { grid: card, table: row };

export class Results {
  /** Show records of a page, as its filter says. */
  constructor(page) {
    this.page = page;
    this.filter = page.filter;
    this.records = [];
    this.total = 0; // of pictures, copies counted once where they are grouped
    this.matching = [];
    this.shown = 0;
    this.nodes = { grid: new Map(), table: new Map() };
  }

  /** Filter anew. As many pictures as before are shown where `keep` says so, or else the first. */
  update({ keep = false } = {}) {
    const { sort, view } = this.filter;
    this.matching = this.filter.apply(this.records);
    byId("grid").hidden = view !== "grid" || !this.matching.length;
    byId("table-box").hidden = view !== "table" || !this.matching.length;
    const [key, direction] = sort.split("-");
    for (const head of byId("table").querySelectorAll("th[data-sort]")) {
      const order = head.dataset.sort === key ? (direction === "asc" ? "ascending" : "descending") : null;
      if (order) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
    }
    this.show(keep ? Math.max(this.shown, STEP[view]) : STEP[view]);
    this.explainEmpty();
  }

  /** Show some more of what matches; return the first node that is new. */
  more() {
    const first = this.shown;
    this.show(first + STEP[this.filter.view]);
    return this.target.children[first];
  }

  /** Show the first pictures that match. */
  show(number) {
    const { view } = this.filter;
    this.shown = Math.min(number, this.matching.length);
    arrange(this.target, this.matching.slice(0, this.shown).map((record) => this.node(record, view)));
    this.forgetGone(view);
    const left = this.matching.length - this.shown;
    byId("more").hidden = !left;
    byId("more").textContent = `Show ${whole.format(Math.min(left, STEP[view]))} more`;
    byId("reset").hidden = !this.filter.active;
    byId("count").textContent = this.describe();
    wakeInIdleTime();
  }

  get target() {
    return byId(this.filter.view === "grid" ? "grid" : "table-body");
  }

  /** Drop what is no longer shown, and its pixels with it: of thousands of pictures the page holds those of a hundred. */
  forgetGone(view) {
    for (const [record, { node }] of this.nodes[view]) if (!node.isConnected) this.nodes[view].delete(record);
  }

  /** The card or row of a record, made once while it is shown, and anew when its copies or marks change. */
  node(record, view) {
    const made = this.nodes[view].get(record);
    const copies = record.copies.length;
    if (made?.copies === copies) return made.node;
    const node = MAKE[view](record, this.page);
    this.nodes[view].set(record, { node, copies });
    return node;
  }

  /** Make what stands for a record anew, in its place. */
  refresh(record) {
    for (const [view, made] of Object.entries(this.nodes)) {
      const old = made.get(record)?.node;
      if (!old) continue;
      made.delete(record);
      if (!old.isConnected) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.tagName : null;
      const node = this.node(record, view);
      old.replaceWith(node);
      if (focused) node.querySelector(focused.toLowerCase())?.focus();
    }
  }

  describe() {
    const matching = this.matching.length;
    if (!matching) return this.total ? `None of ${count(this.total, "picture", "pictures")} matches` : "";
    const copies = this.filter.grouped ? this.matching.reduce((sum, record) => sum + record.copies.length, 0) : 0;
    const grouped = copies ? `, ${count(copies, "copy", "copies")} grouped` : "";
    const all = count(this.total, "picture", "pictures");
    const of = matching === this.total ? all : `${whole.format(matching)} of ${all}`;
    return of + grouped + (this.shown < matching ? `, the first ${whole.format(this.shown)} shown` : "");
  }

  explainEmpty() {
    const box = byId("empty");
    box.hidden = this.matching.length > 0;
    if (box.hidden) return;
    const [title, text] = this.records.length
      ? ["Nothing matches", "Try fewer words, or choose other verdicts or origins."]
      : ["No pictures", "The scan found no picture that it could read."];
    box.replaceChildren(el("p", { class: "empty-title" }, title), el("p", {}, text));
  }
}
