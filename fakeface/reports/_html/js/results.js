// Which pictures are shown, in which order, as a grid or as a table.

const STEP = { grid: 96, table: 250 };

const COMPARE = {
  p: (a, b) => (a.p ?? -1) - (b.p ?? -1) || RANK[b.verdict] - RANK[a.verdict],
  name: (a, b) => a.short.localeCompare(b.short, "en", { numeric: true }),
  verdict: (a, b) => RANK[a.verdict] - RANK[b.verdict] || (b.p ?? -1) - (a.p ?? -1),
  faces: (a, b) => a.faces.length - b.faces.length,
  says: (a, b) =>
    ORIGIN_RANK[origin(a.said)] - ORIGIN_RANK[origin(b.said)] || (a.said?.label ?? "").localeCompare(b.said?.label ?? "", "en"),
  order: (a, b) => a.order - b.order,
};

class Results {
  /** Shows `records`, which were judged; `open` is called with a record and all that are shown. */
  constructor(records, report, open) {
    Object.assign(this, { records, report, open });
    this.verdicts = new Set();
    this.words = [];
    this.origin = "";
    this.sort = "p-desc";
    this.view = "grid";
    this.shown = 0;
    this.matching = [];
  }

  /** Choose and order anew, and show the first pictures. */
  update() {
    const chosen = this.records.filter(
      (record) =>
        (!this.verdicts.size || this.verdicts.has(record.verdict)) &&
        (!this.origin || ORIGINS[this.origin].test(record.said)) &&
        this.words.every((word) => record.key.includes(word)),
    );
    const [key, direction] = this.sort.split("-");
    const sign = direction === "desc" ? -1 : 1;
    chosen.sort((a, b) => sign * COMPARE[key](a, b) || a.order - b.order);
    this.matching = chosen;
    this.shown = 0;
    byId("grid").replaceChildren();
    byId("table-body").replaceChildren();
    byId("grid").hidden = this.view !== "grid" || !chosen.length;
    byId("table-box").hidden = this.view !== "table" || !chosen.length;
    for (const head of byId("table").querySelectorAll("th[data-sort]")) {
      const order = head.dataset.sort === key ? (direction === "asc" ? "ascending" : "descending") : null;
      if (order) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
    }
    this.more();
    this.explainEmpty();
  }

  /** Show some more of what matches; `all` shows all of it. */
  more(all = false) {
    const end = all ? this.matching.length : Math.min(this.shown + STEP[this.view], this.matching.length);
    const target = byId(this.view === "grid" ? "grid" : "table-body");
    const make = this.view === "grid" ? this.card : this.row;
    const first = this.shown;
    target.append(...this.matching.slice(first, end).map((record) => make.call(this, record)));
    this.shown = end;
    const left = this.matching.length - end;
    byId("more").hidden = !left;
    byId("more").textContent = `Show ${whole.format(Math.min(left, STEP[this.view]))} more`;
    byId("reset").hidden = !this.verdicts.size && !this.words.length && !this.origin;
    byId("count").textContent = this.describe();
    wakeInIdleTime();
    return first ? target.children[first] : null;
  }

  describe() {
    const total = this.records.length;
    const matching = this.matching.length;
    if (!matching) return total ? `None of ${count(total, "picture", "pictures")} matches` : "";
    const of = matching === total ? count(total, "picture", "pictures") : `${whole.format(matching)} of ${count(total, "picture", "pictures")}`;
    return this.shown < matching ? `${of}, the first ${whole.format(this.shown)} shown` : of;
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

  card(record) {
    const words = VERDICTS[record.verdict].label;
    const p = record.p === null ? "" : `, p fake ${score(record.p)}`;
    const says = record.said?.label ? `, file says ${record.said.label}` : "";
    const label = `${record.short}: ${words}${p}${says}`;
    const button = el("button", { type: "button", class: "card", "aria-label": label });
    const faces = record.faces.length > 1 ? el("span", { class: "faces" }, `${record.faces.length} faces`) : "";
    button.append(
      el("span", { class: "frame" }, picture(record, this.report)),
      el("span", { class: "verdict" }, badge(record.verdict), el("span", { class: "p" }, record.p === null ? "" : score(record.p))),
      scoreBar(record.p, record.verdict, this.report.thresholds),
      originBadge(record.said),
      el("span", { class: "name", title: record.name }, el("bdi", {}, record.file)),
      el("span", { class: "below" }, el("bdi", {}, record.below), faces),
    );
    button.addEventListener("click", () => this.open(record, this.matching));
    return button;
  }

  row(record) {
    const name = el("button", { type: "button", class: "link" }, el("bdi", {}, record.short));
    name.addEventListener("click", () => this.open(record, this.matching));
    return el(
      "tr", {},
      el("th", { scope: "row" }, name),
      el("td", {}, badge(record.verdict)),
      el("td", { class: "number" }, el("span", { class: "with-bar" }, scoreBar(record.p, record.verdict, this.report.thresholds), score(record.p))),
      el("td", { class: "says" }, originBadge(record.said)),
      el("td", { class: "number" }, whole.format(record.faces.length)),
      el("td", { class: "number" }, record.size ? record.size.join(" × ") : ""),
    );
  }
}
