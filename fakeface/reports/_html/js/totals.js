// How many pictures have each verdict; each number also filters.

import { byId, el, icon, whole } from "./dom.js";
import { VERDICTS } from "./records.js";

export class Totals {
  constructor(page) {
    this.page = page;
    this.buttons = Object.entries(VERDICTS).map(([verdict, { label, icon: shape }]) => {
      const button = el("button", { type: "button", class: `total ${verdict}`, "aria-pressed": "false", "data-verdict": verdict });
      button.append(el("span", { class: "number" }, "0"), el("span", { class: "what" }, icon(shape), label));
      button.addEventListener("click", () => {
        const { verdicts } = page.filter;
        if (!verdicts.delete(verdict)) verdicts.add(verdict);
        page.changed();
      });
      return button;
    });
    this.errors = el("a", { href: "#unreadable", class: "total error" });
    this.errors.append(el("span", { class: "number" }), el("span", { class: "what" }, icon("error"), "unreadable"));
    byId("verdicts").append(...this.buttons, this.errors);
  }

  /** Count pictures, and files that could not be read. */
  update(pictures, failed) {
    for (const button of this.buttons) {
      const number = pictures.filter(({ verdict }) => verdict === button.dataset.verdict).length;
      button.firstElementChild.textContent = whole.format(number);
      button.disabled = !number;
    }
    this.errors.firstElementChild.textContent = whole.format(failed.length);
    this.errors.hidden = !failed.length;
  }

  /** Show which verdicts the filter lets through. */
  press(verdicts) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(verdicts.has(button.dataset.verdict)));
  }
}
