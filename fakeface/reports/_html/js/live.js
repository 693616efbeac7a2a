// Pictures that are dropped, picked or pasted: sent one by one, shown as their results come, saved on request.

import { byId, count, dateOf, whole } from "./dom.js";
import { download, saveCopy, toCsv, toJson } from "./files.js";
import { failure } from "./judge.js";
import { ReportPage } from "./page.js";
import { annotate } from "./records.js";
import { dropped, isAddress, mayBePicture } from "./take.js";

const SHOWN = ["avif", "bmp", "gif", "jpeg", "png", "webp"].map((kind) => `image/${kind}`);
const SHOW_EVERY = 250; // milliseconds
const ADDRESS = "An address is not opened from here: save the picture first, then drop the file or paste the picture itself.";

/** Let details show a picture in its own resolution, where the browser can show such files: only the first frame of each. */
function showOriginal(record, file, urls) {
  if (!record.thumb || record.frames || !SHOWN.includes(file.type)) return;
  let url = null;
  const make = () => {
    if (url === null) urls.push((url = URL.createObjectURL(file)));
    return url;
  };
  Object.defineProperty(record, "url", { get: make, enumerable: false });
}

/** Whether a file that was chosen is still there as it was. */
const isReadable = (file) => file.arrayBuffer().then(() => true, () => false);

class Live {
  /** Show what a judge says; `info` is what it says of itself. */
  constructor(judge, info) {
    Object.assign(this, { judge, info, about: info.about, workers: info.workers });
    this.page = new ReportPage(structuredClone(info.about), { save: (marks) => this.saving(this.saveReport(marks)), linked: false });
    this.empty = { headline: [...byId("headline").childNodes], lede: [...byId("lede").childNodes], title: document.title };
    this.pasted = this.running = 0;
    this.reset();
    this.wire();
  }

  /** Begin with nothing. */
  reset() {
    this.results = []; // the records, in the order of the pictures
    this.fresh = [];
    this.queue = [];
    this.names = new Set();
    this.urls = [];
    this.total = this.done = this.skipped = 0;
    this.answer = null;
    this.stopped = false;
    this.saved = true;
  }

  /** Take what may be a picture; the rest is counted and never sent. A picture by itself gets the first screen. */
  async take(files) {
    byId("trouble").hidden = true;
    const busy = this.done < this.total;
    const taken = [];
    for await (const { file, name, chosen } of files) {
      if (!mayBePicture(file, name, chosen)) {
        this.skipped += 1;
        continue;
      }
      const item = { file, name: this.unique(name), order: this.total };
      taken.push(item);
      this.queue.push(item);
      this.total += 1;
      this.answer = taken.length === 1 && !busy ? item.order : null;
      this.work();
    }
    if (!taken.length && this.skipped) this.complain("There is no picture among these files: nothing was sent.");
    this.progress();
  }

  /** Remove all results, and begin again. */
  clear() {
    const lost = (!this.saved && this.done > 1) || this.page.review.unsaved;
    if (lost && !confirm(`Remove the results of ${count(this.done, "picture", "pictures")} from this page?`)) return;
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.reset();
    this.page.clear();
    byId("headline").replaceChildren(...this.empty.headline);
    byId("lede").replaceChildren(...this.empty.lede);
    document.title = this.empty.title;
    document.body.classList.add("bare");
    byId("live").hidden = byId("trouble").hidden = byId("incomplete").hidden = true;
    this.progress();
    byId("said").textContent = "Cleared.";
    byId("pick-files").focus();
  }

  /** Say what went wrong, until something goes on. */
  complain(text) {
    byId("trouble").textContent = text;
    byId("trouble").hidden = false;
  }

  /** A name that no other picture has. */
  unique(name) {
    let one = name;
    for (let number = 2; this.names.has(one); number += 1) one = name.replace(/(\.[^./]*)?$/, ` (${number})$1`);
    this.names.add(one);
    return one;
  }

  /** Send what waits, a few pictures at once. */
  async work() {
    if (this.running >= this.workers || this.stopped) return;
    if (!this.running) this.abort = new AbortController();
    this.running += 1;
    byId("live").hidden = false;
    while (this.queue.length && !this.stopped) {
      const item = this.queue.shift();
      try {
        const { prediction, record } = await this.send(item);
        annotate(record, { prediction });
        showOriginal(record, item.file, this.urls);
        this.results[item.order] = record;
        this.fresh.push(record);
        this.done += 1;
        this.showSoon();
      } catch (error) {
        this.queue.unshift(item);
        if (error.name !== "AbortError") this.fail(error);
      }
    }
    this.running -= 1;
    if (!this.running) this.finish();
  }

  async send({ file, name }) {
    const most = this.info.max_picture;
    const allowed = Number((most / 2 ** 20).toPrecision(6)).toLocaleString("en");
    if (file.size > most) return failure(name, `is larger than the ${allowed} MiB allowed`, this.info);
    try {
      return await this.judge.predict(file, { name, signal: this.abort.signal });
    } catch (error) {
      if (error.name === "AbortError" || (await isReadable(file))) throw error;
      return failure(name, "cannot be read: it was moved, changed or deleted", this.info);
    }
  }

  /** Say why nothing more is sent. */
  fail(error) {
    this.halt();
    const reason = error instanceof TypeError ? "the server cannot be reached" : error.message;
    this.complain(`Stopped: ${reason}.`);
  }

  halt() {
    this.stopped = true;
    this.abort.abort();
  }

  go() {
    this.stopped = false;
    this.abort = new AbortController(); // a picture that waits for the server may still hold the one that was stopped
    byId("trouble").hidden = byId("incomplete").hidden = true;
    for (let worker = 0; worker < this.workers; worker += 1) this.work();
    this.progress();
  }

  finish() {
    this.show();
    const left = this.total - this.done;
    const done = this.page.single.record ? `${byId("headline").textContent}. ` : "";
    byId("said").textContent = left ? `Stopped with ${count(left, "picture", "pictures")} left.` : `${done}${count(this.done, "picture", "pictures")} done.`;
  }

  showSoon() {
    this.saved = false;
    const shown = this.page.records.length; // the more there are, the longer it takes to show them
    this.timer ??= setTimeout(() => this.show(), shown ? Math.max(SHOW_EVERY, shown / 4) : 0);
  }

  show() {
    clearTimeout(this.timer);
    this.timer = null;
    const fresh = this.fresh.splice(0);
    if (fresh.length) {
      document.body.classList.remove("bare");
      this.page.add(fresh, { answer: this.results[this.answer] ?? null });
    }
    this.progress();
  }

  progress() {
    const { done, total, skipped } = this;
    const left = total - done;
    byId("progress").max = Math.max(total, 1);
    byId("progress").value = done;
    const others = skipped ? `; ${count(skipped, "other file", "other files")} skipped` : "";
    byId("progress-text").textContent = `${whole.format(done)} of ${count(total, "picture", "pictures")}${others}`;
    byId("stop").hidden = !left || this.stopped;
    byId("continue").hidden = !left || !this.stopped;
    for (const id of ["save-html", "save-csv", "save-json"]) byId(id).disabled = !done;
    byId("running").hidden = total === 1 && done === 1 && !skipped; // the answer says it
    byId("clear").hidden = !total && !skipped;
    byId("clear").disabled = this.running > 0;
    if (skipped || total) byId("live").hidden = false;
  }

  get finished() {
    return this.results.filter(Boolean);
  }

  /** Save a report as `fakeface scan -o report.html` writes it, with what the reader marked. */
  async saveReport(marks) {
    const end = { finished: dateOf(new Date()), complete: this.done === this.total };
    const records = this.finished;
    saveCopy(await this.judge.emptyReport(), { about: this.about, records, end }, marks, "report.html");
    this.saved = true;
  }

  /** Say so if something cannot be saved. */
  saving(promise) {
    promise.catch((error) => this.complain(`The report cannot be saved: ${error.message}.`));
  }

  saveCsv() {
    download(toCsv(this.finished, this.page.review), "results.csv", "text/csv");
    this.saved = true;
  }

  saveJson() {
    download(toJson(this.finished, this.page.review), "results.json", "application/json");
    this.saved = true;
  }

  wire() {
    const pick = (button, input) => {
      byId(button).addEventListener("click", () => byId(input).click());
      byId(button).disabled = false; // so that nothing is chosen before the page can take it
      byId(input).addEventListener("change", () => {
        const files = [...byId(input).files].map((file) => ({ file, name: file.webkitRelativePath || file.name, chosen: !file.webkitRelativePath }));
        byId(input).value = "";
        this.take(files);
      });
    };
    pick("pick-files", "files");
    pick("pick-folder", "folder");
    const over = (on) => (event) => {
      if (!event.dataTransfer?.types.some((type) => type === "Files" || type === "text/uri-list")) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", on);
    };
    document.addEventListener("dragover", over(true));
    document.addEventListener("dragleave", (event) => event.relatedTarget || over(false)(event));
    document.addEventListener("drop", (event) => {
      over(false)(event);
      const { dataTransfer: transfer } = event;
      if (transfer?.types.includes("Files")) this.take(dropped(transfer));
      else if (isAddress(transfer)) this.complain(ADDRESS);
    });
    document.addEventListener("paste", (event) => {
      if (event.target.closest?.("input, textarea")) return;
      const { clipboardData: pasted } = event;
      const files = [...(pasted?.files ?? [])];
      if (files.length) this.take(files.map((file) => ({ file, name: `pasted/${(this.pasted += 1)} ${file.name}`, chosen: true })));
      else if (isAddress(pasted)) this.complain(ADDRESS);
    });
    byId("clear").addEventListener("click", () => this.clear());
    byId("stop").addEventListener("click", () => {
      this.halt();
      this.page.sayIncomplete();
      this.progress();
      byId("continue").focus();
    });
    byId("continue").addEventListener("click", () => this.go());
    byId("save-html").addEventListener("click", () => byId("save").click());
    byId("save-csv").addEventListener("click", () => this.saveCsv());
    byId("save-json").addEventListener("click", () => this.saveJson());
    window.addEventListener("beforeunload", (event) => this.saved || event.preventDefault());
  }
}

/** Show the page once it is there; see judge.js for what a judge is. */
export function start(judge) {
  document.addEventListener("DOMContentLoaded", async () => {
    try {
      new Live(judge, await judge.info());
    } catch (error) {
      byId("trouble").textContent = `The page cannot start: ${error.message}.`;
      byId("trouble").hidden = false;
    }
  });
}
