// One picture and its answer, on one screen: where there is only one, or where one was dropped by itself.

import { byId, el } from "./dom.js";
import { nextSteps } from "./next.js";
import { faceTile, legend, picture } from "./picture.js";
import { saysLine } from "./records.js";
import { scoreScale } from "./scale.js";

export class Single {
  constructor(page) {
    this.page = page;
    this.record = null;
  }

  /** Show the answer for a record; none for null. */
  show(record) {
    byId("single").hidden = !record;
    document.body.classList.toggle("single", Boolean(record));
    document.body.classList.toggle("alone", Boolean(record) && this.page.records.length === 1);
    if (record && record !== this.record) byId("single-body").replaceChildren(...this.parts(record));
    this.record = record;
  }

  parts(record) {
    const { report, rates } = this.page;
    const text = el("div", { class: "single-text" });
    if (record.p !== null && report.thresholds) text.append(scoreScale(record.p, record.verdict, report.thresholds));
    if (record.error !== null) text.append(el("p", {}, el("b", {}, "Reason: "), record.error));
    if (record.said) text.append(saysLine(record.said));
    text.append(el("h3", {}, "What to do next"), nextSteps(record, report), rates.worth(record.verdict));
    text.append(el("p", { class: "note" }, byId("covers").textContent));
    return record.error === null ? [this.pictures(record), text] : [text];
  }

  pictures(record) {
    const { report } = this.page;
    const open = el("button", { type: "button", class: "link" }, "All details and notes");
    open.addEventListener("click", () => this.page.open(record));
    const frame = el("span", { class: "frame" }, picture(record, report, { large: true }));
    const worst = record.faces.find((face) => face.heat);
    const shown = el("div", { class: "single-shown" }, frame);
    if (worst) shown.append(faceTile(record, worst, report, { large: true }));
    const caption = el("figcaption", {}, el("span", { class: "name", title: record.name }, el("bdi", {}, record.file)), open);
    return el("figure", { class: worst ? "single-pictures" : "single-pictures plain" }, shown, worst ? el("div", { class: "legend" }, ...legend(report.heat)) : "", caption);
  }
}
