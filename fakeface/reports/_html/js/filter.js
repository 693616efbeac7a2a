// Which pictures are shown, and in which order.

import { CHANGES, moved } from "./changes.js";
import { ORIGINS, ORIGIN_RANK, RANK, VERDICTS, annotate, origin } from "./records.js";
import { STATES } from "./review.js";

const COMPARE = {
  p: (a, b) => (a.p ?? -1) - (b.p ?? -1) || RANK[b.verdict] - RANK[a.verdict],
  name: (a, b) => a.short.localeCompare(b.short, "en", { numeric: true }),
  verdict: (a, b) => RANK[a.verdict] - RANK[b.verdict] || (b.p ?? -1) - (a.p ?? -1),
  faces: (a, b) => a.faces.length - b.faces.length,
  says: (a, b) =>
    ORIGIN_RANK[origin(a.said)] - ORIGIN_RANK[origin(b.said)] || (a.said?.label ?? "").localeCompare(b.said?.label ?? "", "en"),
  order: (a, b) => a.order - b.order,
  change: (a, b) => moved(a) - moved(b),
};

/** Parts of an address that stand for a filter, with the field that each sets. */
const HASH = { q: "words", says: "origin", show: "state", change: "change", sort: "sort", view: "view" };
const KNOWN = {
  origin: (value) => Object.hasOwn(ORIGINS, value), state: (value) => Object.hasOwn(STATES, value), change: (value) => Object.hasOwn(CHANGES, value),
  sort: (value) => Object.hasOwn(COMPARE, value.split("-")[0]) && /-(asc|desc)$/.test(value), view: (value) => ["grid", "table"].includes(value),
};

/** Return the first of the copies of each picture, which gets the others as `copies`. */
export function group(records) {
  const first = new Map();
  return records.filter((record) => {
    annotate(record, { copies: [] });
    const key = `${record.digest} ${record.verdict} ${record.p}`;
    if (!record.digest || !first.has(key)) {
      first.set(key, record);
      return true;
    }
    first.get(key).copies.push(record);
    return false;
  });
}

export class Filter {
  constructor(review) {
    this.review = review;
    this.sort = "p-desc";
    this.view = "grid";
    this.grouped = true;
    this.clear();
  }

  /** Let every picture through. */
  clear() {
    this.verdicts = new Set();
    this.words = this.origin = this.state = this.change = "";
  }

  /** Whether it may keep pictures back. */
  get active() {
    return Boolean(this.verdicts.size || this.words.trim() || this.origin || this.state || this.change);
  }

  /** Return those of the records that match, in order; of copies of one file the first, which gets the others as `copies`. */
  apply(records) {
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = records.filter(
      (record) =>
        (!this.verdicts.size || this.verdicts.has(record.verdict)) &&
        (!this.origin || ORIGINS[this.origin].test(record.said)) &&
        (!this.state || STATES[this.state].test(this.review.of(record))) &&
        (!this.change || CHANGES[this.change].test(record)) &&
        words.every((word) => record.key.includes(word)),
    );
    const [key, direction] = this.sort.split("-");
    const sign = direction === "desc" ? -1 : 1;
    chosen.sort((a, b) => sign * COMPARE[key](a, b) || a.order - b.order);
    return this.group(chosen);
  }

  group(records) {
    return this.grouped ? group(records) : records.map((record) => annotate(record, { copies: [] }));
  }

  /** The filter as the part of an address after `#`. */
  get hash() {
    const parts = new URLSearchParams();
    if (this.verdicts.size) parts.set("verdict", [...this.verdicts].join(","));
    const usual = { sort: "p-desc", view: "grid" };
    for (const [name, field] of Object.entries(HASH)) if (this[field] && this[field] !== usual[name]) parts.set(name, this[field]);
    return parts;
  }

  /** Take the filter from such parts; what is not known is ignored. */
  set hash(parts) {
    this.clear();
    this.verdicts = new Set((parts.get("verdict") ?? "").split(",").filter((verdict) => Object.hasOwn(VERDICTS, verdict)));
    for (const [name, field] of Object.entries(HASH)) {
      const value = parts.get(name);
      if (value !== null && (KNOWN[field]?.(value) ?? true)) this[field] = value;
    }
  }
}
