// The page: its parts, and what wires them together. Records may all be there at once, or come while a scan runs.

function headline(judged, errors) {
  const fake = judged.filter((record) => record.verdict === "fake").length;
  const total = judged.length;
  if (!total) return errors ? "No file could be read" : "No pictures were found";
  const of = count(total, "picture", "pictures");
  if (!fake) return total === 1 ? "The picture was not flagged" : `None of ${of} was flagged as AI`;
  return total === 1 ? "The picture was flagged as AI" : `${whole.format(fake)} of ${of} ${fake === 1 ? "was" : "were"} flagged as AI`;
}

function lede(report, folder, declared) {
  const parts = [];
  if (folder) parts.push("In ", el("b", {}, el("bdi", {}, folder)), ". ");
  if (declared) parts.push(`${count(declared, "file declares", "files declare")} that AI made or changed the picture. `);
  parts.push(
    `Judged by the model ${report.model}. A verdict is a reason to look closer, not a proof: `,
    el("a", { href: "#reading" }, "how to read this report"), ".",
  );
  return parts;
}

class ReportPage {
  /** Build the page of a scan; `report` is what `_about.py` says of it, and may gain more as results come. */
  constructor(report) {
    this.report = report;
    this.records = [];
    this.scored = [];
    this.failed = [];
    this.failedShown = STEP.table;
    this.filter = new Filter();
    this.detail = new Detail(report);
    this.results = new Results(report, this.filter, (record, around) => this.detail.open(record, around));
    this.totals = this.makeTotals();
    for (const [verdict, { meaning }] of Object.entries(VERDICTS)) {
      byId("meanings").append(el("dt", {}, badge(verdict)), el("dd", {}, meaning));
    }
    this.rates = new BaseRates(report);
    this.wire();
  }

  /** Add records, and show them. */
  add(records) {
    this.records.push(...records);
    for (const record of records) (record.error === null ? this.scored : this.failed).push(record);
    this.update();
  }

  /** Show all that depends on the records; what the reader has opened and chosen stays. */
  update() {
    const { report, scored, failed } = this;
    const folder = nameRecords(this.records);
    const declared = scored.filter(({ said }) => said?.declared === "ai").length;
    byId("date").textContent = report.date;
    byId("headline").textContent = headline(scored, failed.length);
    byId("lede").replaceChildren(...lede(report, folder, declared));
    document.title = `${byId("headline").textContent} · fakeface report`;
    const facts = [["Files", whole.format(this.records.length)], ...report.facts];
    byId("facts").replaceChildren(...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, el("bdi", {}, value))]));
    this.updateTotals();
    this.updateHistogram();
    this.updateOrigins();
    this.updateHeat();
    this.updateFailed();
    this.rates.update(scored);
    this.results.records = scored;
    this.results.update({ keep: true });
  }

  /** Say that the scan ended before all files were done. */
  sayIncomplete() {
    byId("incomplete").hidden = false;
    byId("incomplete").textContent =
      `The scan was stopped before its end. This report holds the ${count(this.records.length, "file", "files")} that were done.`;
  }

  makeTotals() {
    const totals = Object.entries(VERDICTS).map(([verdict, { label, icon: shape }]) => {
      const button = el("button", { type: "button", class: `total ${verdict}`, "aria-pressed": "false", "data-verdict": verdict });
      button.append(el("span", { class: "number" }, "0"), el("span", { class: "what" }, icon(shape), label));
      button.addEventListener("click", () => {
        if (!this.filter.verdicts.delete(verdict)) this.filter.verdicts.add(verdict);
        this.changed();
      });
      return button;
    });
    const errors = el("a", { href: "#unreadable", class: "total error" });
    errors.append(el("span", { class: "number" }), el("span", { class: "what" }, icon("error"), "unreadable"));
    totals.push(errors);
    byId("verdicts").append(...totals);
    return totals;
  }

  updateTotals() {
    const numbers = Object.fromEntries(Object.keys(VERDICTS).map((verdict) => [verdict, 0]));
    for (const { verdict } of this.scored) numbers[verdict] += 1;
    for (const node of this.totals) {
      const { verdict } = node.dataset;
      const number = verdict ? numbers[verdict] : this.failed.length;
      node.firstElementChild.textContent = whole.format(number);
      if (verdict) node.disabled = !number;
      else node.hidden = !number;
    }
  }

  updateHistogram() {
    const rated = this.scored.filter((record) => record.p !== null);
    byId("distribution").hidden = !rated.length;
    const { chart, bins } = histogram(rated, this.report.thresholds);
    byId("histogram").replaceChildren(chart);
    histogramTable(byId("histogram-table"), bins);
    byId("distribution-hint").textContent = `of the most suspicious face in ${count(rated.length, "picture", "pictures")}`;
  }

  updateOrigins() {
    const any = this.scored.some((record) => record.said);
    for (const node of document.querySelectorAll(".if-said")) node.hidden = !any;
    document.body.classList.toggle("unsaid", !any);
    const options = Object.entries(ORIGINS).map(([key, { label, test }]) => {
      const number = this.scored.filter((record) => test(record.said)).length;
      return el("option", { value: key, disabled: !number }, `${label} (${whole.format(number)})`);
    });
    byId("origin").replaceChildren(el("option", { value: "" }, "All files"), ...options);
    byId("origin").value = this.filter.origin;
  }

  updateHeat() {
    if (!byId("heat-toggle").hidden || !this.scored.some((record) => record.faces.some((face) => face.heat))) return;
    byId("heat-toggle").hidden = false;
    byId("heat-reading").hidden = false;
    byId("heat-legend").append(...legend(this.report.heat));
    this.showHeat(); // a browser may have kept the box checked
  }

  showHeat() {
    document.body.classList.toggle("heat", byId("heat").checked);
    byId("heat-legend").hidden = !byId("heat").checked || this.filter.view !== "grid";
  }

  updateFailed() {
    byId("unreadable").hidden = !this.failed.length;
    const shown = this.failed.slice(0, this.failedShown);
    byId("unreadable-body").replaceChildren(...shown.map((record) =>
      el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, record.short)), el("td", {}, record.error))));
    const left = this.failed.length - shown.length;
    byId("unreadable-more").hidden = !left;
    byId("unreadable-more").textContent = `Show ${whole.format(Math.min(left, STEP.table))} more`;
  }

  /** Show what the filter says: the controls, and the pictures that it lets through. */
  changed() {
    const { filter } = this;
    for (const node of this.totals) {
      if (node.dataset.verdict) node.setAttribute("aria-pressed", String(filter.verdicts.has(node.dataset.verdict)));
    }
    for (const id of ["search", "sort", "origin"]) {
      const value = { search: filter.words, sort: filter.sort, origin: filter.origin }[id];
      if (byId(id).value !== value) byId(id).value = value;
    }
    for (const radio of document.getElementsByName("view")) radio.checked = radio.value === filter.view;
    this.showHeat();
    this.results.update();
  }

  wire() {
    const { filter, results } = this;
    const set = (name) => (event) => {
      filter[name] = event.target.value;
      this.changed();
    };
    byId("tools").addEventListener("submit", (event) => event.preventDefault());
    byId("search").addEventListener("input", set("words"));
    byId("sort").addEventListener("change", set("sort"));
    byId("origin").addEventListener("change", set("origin"));
    for (const radio of document.getElementsByName("view")) radio.addEventListener("change", set("view"));
    byId("heat").addEventListener("change", () => this.showHeat());
    for (const head of byId("table").querySelectorAll("th[data-sort]")) {
      head.firstElementChild.addEventListener("click", () => {
        const { sort } = head.dataset;
        const first = sort === "p" || sort === "faces" ? "desc" : "asc";
        const second = first === "desc" ? "asc" : "desc";
        filter.sort = `${sort}-${filter.sort === `${sort}-${first}` ? second : first}`;
        this.changed();
      });
    }
    byId("more").addEventListener("click", () => {
      const first = results.more();
      (first?.querySelector("button") ?? first)?.focus(); // go on where the new ones begin
    });
    byId("unreadable-more").addEventListener("click", () => {
      this.failedShown += STEP.table;
      this.updateFailed();
    });
    byId("reset").addEventListener("click", () => {
      filter.clear();
      this.changed();
      byId("search").focus();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.closest("input, select, textarea, dialog")) {
        event.preventDefault();
        byId("search").focus();
      }
    });
    window.addEventListener("beforeprint", () => {
      results.show(Infinity);
      wakeAll();
    });
  }
}
