// One picture as a card of the grid, or as a row of the table.

import { changeNote } from "./changes.js";
import { el, score, whole } from "./dom.js";
import { picture } from "./picture.js";
import { badge, originBadge, scoreBar } from "./records.js";

/** A box to select a picture. */
function selector(record, page) {
  const box = el("input", { type: "checkbox", "aria-label": `Select ${record.short}` });
  box.checked = page.review.of(record).selected;
  box.addEventListener("change", () => page.review.set([record], { selected: box.checked }));
  return el("label", { class: "pick" }, box);
}

/** Whether a picture was reviewed, and the beginning of the note on it. */
function reviewNote(record, page) {
  const { reviewed, note } = page.review.of(record);
  const parts = [reviewed ? el("span", { class: "reviewed" }, "✓ reviewed") : "", note ? el("span", { class: "note-text", title: note }, "✎ ", el("bdi", {}, note)) : ""];
  return reviewed || note ? el("span", { class: "marks" }, ...parts) : "";
}

/** Make the card of a record. */
export function card(record, page) {
  const copies = record.copies?.length ? `${whole.format(record.copies.length + 1)} copies` : "";
  const button = el("button", { type: "button", class: "card" });
  const faces = record.faces.length > 1 ? `${record.faces.length} faces` : "";
  const numbers = [faces, copies].filter(Boolean).join(" · ");
  button.append(
    el("span", { class: "frame" }, picture(record, page.report)),
    el("span", { class: "verdict" }, badge(record.verdict), el("span", { class: "p" }, record.p === null ? "" : score(record.p))),
    scoreBar(record.p, record.verdict, page.report.thresholds),
    changeNote(record),
    originBadge(record.said),
    el("span", { class: "name", title: record.name }, el("bdi", {}, record.file)),
    el("span", { class: "below" }, el("bdi", {}, record.below), numbers ? el("span", { class: "faces" }, numbers) : ""),
    reviewNote(record, page),
  );
  button.addEventListener("click", () => page.open(record));
  return el("div", { class: "item" }, button, selector(record, page));
}

/** Make the row of a record. */
export function row(record, page) {
  const name = el("button", { type: "button", class: "link" }, el("bdi", {}, record.short));
  name.addEventListener("click", () => page.open(record));
  const copies = record.copies?.length ? el("span", { class: "note" }, ` ${whole.format(record.copies.length + 1)} copies`) : "";
  return el(
    "tr", {},
    el("td", {}, selector(record, page)),
    el("th", { scope: "row" }, name, copies, reviewNote(record, page)),
    el("td", {}, badge(record.verdict), changeNote(record)),
    el("td", { class: "number" }, el("span", { class: "with-bar" }, scoreBar(record.p, record.verdict, page.report.thresholds), score(record.p))),
    el("td", { class: "says" }, originBadge(record.said)),
    el("td", { class: "number" }, whole.format(record.faces.length)),
    el("td", { class: "number" }, record.size ? record.size.join(" × ") : ""),
  );
}
