// What changed from an earlier scan to this one, where a report compares two.

import { el, score, whole } from "./dom.js";
import { VERDICTS, badge } from "./records.js";

export const CHANGES = {
  verdict: { label: "Other verdict", test: ({ before, verdict }) => before && before.verdict !== verdict },
  flagged: { label: "Flagged only now", test: ({ before, verdict }) => before && verdict === "fake" && before.verdict !== "fake" },
  cleared: { label: "No longer flagged", test: ({ before, verdict }) => before && verdict !== "fake" && before.verdict === "fake" },
  file: { label: "Other file under the name", test: ({ before }) => before && !before.same },
  same: { label: "Same verdict", test: ({ before, verdict }) => before && before.verdict === verdict },
  added: { label: "Not in the first scan", test: ({ before }) => before === null },
};

/** By how much the score of a record changed; below 0 where one is missing. */
export const moved = ({ before, p }) => (before && before.p !== null && p !== null ? Math.abs(p - before.p) : -1);

/** What the first scan said of a record, in a few words; empty where nothing is compared. */
export function changeNote(record) {
  const { before } = record;
  if (before === undefined) return "";
  if (before === null) return el("span", { class: "change" }, "not in the first scan");
  if (before.verdict === null) return el("span", { class: "change" }, "was unreadable");
  if (before.verdict === record.verdict && before.p === null) return "";
  const { label } = VERDICTS[before.verdict];
  const words = before.verdict === record.verdict ? `was ${score(before.p)}` : `was ${label}${before.p === null ? "" : ` ${score(before.p)}`}`;
  return el("span", { class: before.verdict === record.verdict ? "change" : "change other" }, words);
}

/** A table of verdicts: rows for the first scan, columns for the second. */
export function changesTable(records) {
  const keys = Object.keys(VERDICTS);
  const both = records.filter(({ before }) => before && before.verdict !== null);
  const number = (first, second) => both.filter(({ before, verdict }) => before.verdict === first && verdict === second).length;
  const used = keys.filter((key) => both.some(({ before, verdict }) => before.verdict === key || verdict === key));
  const head = el("tr", {}, el("th", { scope: "col" }, "first scan ↓ second scan →"), ...used.map((key) => el("th", { scope: "col", class: "number" }, badge(key))));
  const rows = used.map((first) => el("tr", {}, el("th", { scope: "row" }, badge(first)), ...used.map((second) => {
    const n = number(first, second);
    return el("td", { class: first === second || !n ? "number" : "number strong" }, n ? whole.format(n) : "–");
  })));
  return el("table", { class: "rows" }, el("caption", { class: "unseen" }, "Verdicts of the first and of the second scan"), el("thead", {}, head), el("tbody", {}, ...rows));
}
