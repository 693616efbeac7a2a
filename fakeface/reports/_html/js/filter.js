// Which pictures are shown, and in which order.

const COMPARE = {
  p: (a, b) => (a.p ?? -1) - (b.p ?? -1) || RANK[b.verdict] - RANK[a.verdict],
  name: (a, b) => a.short.localeCompare(b.short, "en", { numeric: true }),
  verdict: (a, b) => RANK[a.verdict] - RANK[b.verdict] || (b.p ?? -1) - (a.p ?? -1),
  faces: (a, b) => a.faces.length - b.faces.length,
  says: (a, b) =>
    ORIGIN_RANK[origin(a.said)] - ORIGIN_RANK[origin(b.said)] || (a.said?.label ?? "").localeCompare(b.said?.label ?? "", "en"),
  order: (a, b) => a.order - b.order,
};

class Filter {
  constructor() {
    this.sort = "p-desc";
    this.view = "grid";
    this.clear();
  }

  /** Let every picture through. */
  clear() {
    this.verdicts = new Set();
    this.words = "";
    this.origin = "";
  }

  /** Whether it may keep pictures back. */
  get active() {
    return Boolean(this.verdicts.size || this.words.trim() || this.origin);
  }

  /** Return those of the records that match, in order. */
  apply(records) {
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = records.filter(
      (record) =>
        (!this.verdicts.size || this.verdicts.has(record.verdict)) &&
        (!this.origin || ORIGINS[this.origin].test(record.said)) &&
        words.every((word) => record.key.includes(word)),
    );
    const [key, direction] = this.sort.split("-");
    const sign = direction === "desc" ? -1 : 1;
    return chosen.sort((a, b) => sign * COMPARE[key](a, b) || a.order - b.order);
  }
}
