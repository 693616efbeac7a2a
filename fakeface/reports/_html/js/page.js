// The page: its parts, and what wires them together. Records may all be there at once, or come while a scan runs.

import { CHANGES, changesTable } from "./changes.js";
import { Detail } from "./detail.js";
import { byId, count, el, score, whole } from "./dom.js";
import { download, toCsv, toJson } from "./files.js";
import { Filter, group } from "./filter.js";
import { answerOf, headline, lede } from "./headline.js";
import { histogram, histogramTable } from "./histogram.js";
import { legend, wakeAll } from "./picture.js";
import { BaseRates } from "./rates.js";
import { ORIGINS, VERDICTS, badge, nameRecords } from "./records.js";
import { Results, STEP } from "./results.js";
import { Review, STATES } from "./review.js";
import { Single } from "./single.js";
import { Totals } from "./totals.js";

/** The parts of the address after `#`; null where it names a place on the page. */
const addressed = () => (location.hash.includes("=") ? new URLSearchParams(location.hash.slice(1)) : null);

export class ReportPage {
  /**
   * Build the page of a scan.
   *
   * `report` is what `_about.py` says of it. `save` is called with the marks when the reader asks for a copy of the page with
   * them in it, and `marks` are those of an earlier copy. `linked` says whether the address of the page leads to these records.
   */
  constructor(report, { marks = null, save = null, linked = true } = {}) {
    this.report = report;
    this.linked = linked;
    this.records = [];
    this.scored = [];
    this.failed = [];
    this.failedShown = STEP.table;
    this.review = new Review(marks, (records) => this.reviewed(records));
    this.filter = new Filter(this.review);
    this.results = new Results(this);
    this.detail = new Detail(this);
    this.save = save;
    this.totals = new Totals(this);
    this.single = new Single(this);
    for (const [verdict, { meaning }] of Object.entries(VERDICTS)) {
      byId("meanings").append(el("dt", {}, badge(verdict)), el("dd", {}, meaning));
    }
    this.rates = new BaseRates(report);
    this.wire();
    this.wireReview();
  }

  /** Show one picture, large. */
  open(record) {
    const { matching } = this.results;
    this.detail.open(record, matching.includes(record) ? matching : [record]);
  }

  /** Add records, and show them; `answer` is the one that the first screen shows by itself: the only one, if not said otherwise. */
  add(records, { answer } = {}) {
    this.records.push(...records);
    for (const record of records) (record.error === null ? this.scored : this.failed).push(record);
    this.answer = answer;
    this.update();
  }

  /** Forget all records, and what was made of them. */
  clear() {
    for (const list of [this.records, this.scored, this.failed]) list.length = 0;
    this.review.clear();
    this.filter.clear();
    this.answer = null;
    this.update();
    this.changed();
  }

  /** Show all that depends on the records; what the reader has opened and chosen stays. */
  update() {
    const { report, scored, failed, records } = this;
    const folder = nameRecords(records);
    const pictures = this.filter.grouped && !report.compared ? group(scored) : scored;
    byId("date").textContent = report.date;
    const only = records.length === 1 && !report.title && !report.compared ? records[0] : null;
    this.single.show(this.answer === undefined ? only : this.answer);
    const head = this.single.record ? answerOf(this.single.record) : {
      headline: [report.title ?? headline(pictures, failed.length, report.compared)],
      lede: lede(report, { folder, pictures, copies: scored.length - pictures.length }),
    };
    byId("headline").replaceChildren(...head.headline);
    byId("lede").replaceChildren(...head.lede);
    document.title = `${byId("headline").textContent} · fakeface report`;
    byId("overview-title").textContent = this.single.record ? "All pictures of this page" : "Verdicts";
    const list = (facts) => facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, el("bdi", {}, value))]);
    byId("facts").replaceChildren(...list([["Files", whole.format(this.records.length)], ...report.facts]));
    byId("details-box").hidden = !report.details.length;
    byId("details").replaceChildren(...list(report.details));
    this.totals.update(pictures, failed);
    this.updateHistogram(pictures);
    this.updateOrigins();
    this.updateHeat();
    this.updateFailed();
    this.updateChanges();
    this.rates.update(pictures);
    const digests = new Set(scored.map(({ digest }) => digest));
    byId("grouped-toggle").hidden = digests.size === scored.length || (digests.size === 1 && digests.has(null));
    this.results.records = scored;
    this.results.total = report.compared || !this.filter.grouped ? scored.length : pictures.length;
    this.results.update({ keep: true });
    this.updateReview();
  }

  /** Options of a list that filters, each with the number of pictures that it lets through. */
  options(id, all, choices, test) {
    const options = Object.entries(choices).map(([key, choice]) => {
      const number = this.scored.filter((record) => test(choice, record)).length;
      return el("option", { value: key, disabled: !number }, `${choice.label} (${whole.format(number)})`);
    });
    byId(id).replaceChildren(el("option", { value: "" }, all), ...options);
  }

  /** Say that the scan ended before all files were done. */
  sayIncomplete() {
    byId("incomplete").hidden = false;
    byId("incomplete").textContent =
      `The scan was stopped before its end. This report holds the ${count(this.records.length, "file", "files")} that were done.`;
  }

  updateHistogram(pictures) {
    const rated = pictures.filter((record) => record.p !== null);
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
    this.options("origin", "All files", ORIGINS, ({ test }, { said }) => test(said));
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

  updateChanges() {
    const { compared } = this.report;
    for (const node of document.querySelectorAll(".if-compared")) node.hidden = !compared;
    if (!compared) return;
    this.options("change", "All pictures", CHANGES, ({ test }, record) => test(record));
    byId("change").value = this.filter.change;
    const flagged = this.scored.filter(CHANGES.flagged.test).length;
    const cleared = this.scored.filter(CHANGES.cleared.test).length;
    const added = this.scored.filter(CHANGES.added.test).length;
    byId("changes-text").replaceChildren(
      "From ", el("bdi", {}, compared.before), " to ", el("bdi", {}, compared.after),
      `: ${count(flagged, "picture is", "pictures are")} flagged only now, ${whole.format(cleared)} no longer. ` +
      `${whole.format(added)} ${added === 1 ? "was" : "were"} not in the first scan.`);
    byId("changes-table").replaceChildren(changesTable(this.scored));
  }

  /** List the pictures that only the first of two scans has. */
  listOnlyBefore(earlier) {
    byId("only-before").hidden = !earlier.length;
    byId("only-before-title").textContent = `Only in the first scan: ${count(earlier.length, "picture", "pictures")}`;
    byId("only-before-body").replaceChildren(...earlier.slice(0, 5000).map(({ name, verdict, p, error }) =>
      el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, name)), el("td", {}, verdict ? badge(verdict) : error), el("td", { class: "number" }, score(p)))));
  }

  /** Show what the filter says: the controls, and the pictures that it lets through. */
  changed() {
    const { filter } = this;
    this.totals.press(filter.verdicts);
    const values = { search: filter.words, sort: filter.sort, origin: filter.origin, state: filter.state, change: filter.change };
    for (const [id, value] of Object.entries(values)) if (byId(id).value !== value) byId(id).value = value;
    for (const radio of document.getElementsByName("view")) radio.checked = radio.value === filter.view;
    byId("grouped").checked = filter.grouped;
    this.showHeat();
    this.results.update();
    this.updateReview();
    this.remember();
  }

  /** Write filter and open picture into the address, where they can be linked to. */
  remember() {
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => {
      const parts = this.filter.hash;
      if (this.detail.record) parts.set("picture", this.detail.record.short);
      const hash = [...parts].length ? `#${parts}` : "";
      if (hash === location.hash || (!hash && !addressed())) return;
      history.replaceState(null, "", hash || location.pathname + location.search);
    }, 150); // browsers allow so many a second
  }

  /** Take filter and picture from the address. */
  follow() {
    const parts = addressed();
    if (!parts) return;
    this.filter.hash = parts;
    const picture = parts.get("picture");
    this.changed();
    const record = this.scored.find(({ short }) => short === picture);
    if (record) this.open(record);
  }

  /** Show that the marks of records have changed. */
  reviewed(records) {
    for (const record of records) this.results.refresh(record);
    this.updateReview();
  }

  updateReview() {
    const number = (mark) => this.review.having(mark, this.scored).length;
    const selected = number("selected");
    const parts = [count(selected, "picture selected", "pictures selected"), `${whole.format(number("reviewed"))} reviewed`];
    byId("review-count").textContent = parts.join(", ");
    for (const id of ["export-csv", "export-json", "select-none"]) byId(id).disabled = !selected;
    byId("select-all").disabled = !this.results.matching.length;
    byId("unsaved").hidden = !this.review.unsaved || !this.save;
    this.options("state", "All pictures", STATES, ({ test }, record) => test(this.review.of(record)));
    byId("state").value = this.filter.state;
  }

  wireReview() {
    const { review, results } = this;
    const selected = () => review.having("selected", this.scored);
    byId("select-all").addEventListener("click", () =>
      review.set(results.matching.flatMap((record) => [record, ...record.copies]), { selected: true }));
    byId("select-none").addEventListener("click", () =>
      review.set(review.having("selected", this.scored), { selected: false }));
    byId("export-csv").addEventListener("click", () => download(toCsv(selected(), review), "selection.csv", "text/csv"));
    byId("export-json").addEventListener("click", () => download(toJson(selected(), review), "selection.json", "application/json"));
    byId("print").addEventListener("click", async () => {
      results.show(Infinity);
      await wakeAll();
      window.print();
    });
    byId("save").hidden = !this.save;
    byId("save").addEventListener("click", () => {
      this.save(review);
      review.unsaved = false;
      this.updateReview();
    });
    window.addEventListener("beforeunload", (event) => {
      if (review.unsaved && this.save) event.preventDefault();
    });
    window.addEventListener("hashchange", () => this.follow());
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
    for (const id of ["origin", "state", "change"]) byId(id).addEventListener("change", set(id));
    byId("grouped").addEventListener("change", () => {
      filter.grouped = byId("grouped").checked;
      this.update();
      this.changed();
    });
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
