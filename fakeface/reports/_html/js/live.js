// Pictures that are dropped, picked or pasted: sent one by one, shown as their results come, saved on request.

import { byId, count, whole } from "./dom.js";
import { download, predictionsCsv, saveCopy } from "./files.js";
import { failure } from "./judge.js";
import { ReportPage } from "./page.js";
import { dropped, looksLikePicture } from "./take.js";

const SHOWN = ["avif", "bmp", "gif", "jpeg", "png", "webp"].map((kind) => `image/${kind}`);
const SHOW_EVERY = 250; // milliseconds

/** Let details show a picture in its own resolution, where the browser can show such files: only the first frame of each. */
function showOriginal(record, file) {
  if (!record.thumb || record.frames || !SHOWN.includes(file.type)) return;
  let url = null;
  Object.defineProperty(record, "url", { get: () => (url ??= URL.createObjectURL(file)), enumerable: false });
}

class Live {
  /** Show what a judge says; `info` is what it says of itself. */
  constructor(judge, info) {
    Object.assign(this, { judge, info, about: info.about, workers: info.workers });
    this.page = new ReportPage(structuredClone(info.about), { save: (marks) => this.saving(this.saveReport(marks)) });
    this.results = []; // what is saved: { prediction, record }, in the order of the pictures
    this.fresh = [];
    this.queue = [];
    this.names = new Set();
    this.total = this.done = this.skipped = this.pasted = this.running = 0;
    this.stopped = false;
    this.saved = true;
    this.wire();
  }

  /** Take files; of a folder only those that look like pictures. */
  async take(files) {
    for await (const { file, name, chosen } of files) {
      if (!chosen && !looksLikePicture(file, name)) {
        this.skipped += 1;
        continue;
      }
      this.queue.push({ file, name: this.unique(name), order: this.total });
      this.total += 1;
      this.work();
    }
    this.progress();
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
        const result = await this.send(item);
        showOriginal(result.record, item.file);
        this.results[item.order] = result;
        this.fresh.push(result.record);
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
    if (file.size <= most) return this.judge.predict(file, { name, signal: this.abort.signal });
    const allowed = Number((most / 2 ** 20).toPrecision(6)).toLocaleString("en");
    return failure(name, `is larger than the ${allowed} MiB allowed`, this.info);
  }

  /** Say why nothing more is sent. */
  fail(error) {
    this.halt();
    const reason = error instanceof TypeError ? "the server cannot be reached, or a file cannot be read" : error.message;
    byId("trouble").textContent = `Stopped: ${reason}.`;
    byId("trouble").hidden = false;
  }

  halt() {
    this.stopped = true;
    this.abort.abort();
  }

  go() {
    this.stopped = false;
    byId("trouble").hidden = byId("incomplete").hidden = true;
    for (let worker = 0; worker < this.workers; worker += 1) this.work();
    this.progress();
  }

  finish() {
    this.show();
    const left = this.total - this.done;
    byId("said").textContent = left ? `Stopped with ${count(left, "picture", "pictures")} left.` : `${count(this.done, "picture", "pictures")} done.`;
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
      this.page.add(fresh);
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
    if (skipped || total) byId("live").hidden = false;
  }

  get finished() {
    return this.results.filter(Boolean);
  }

  /** Save a report as `fakeface scan -o report.html` writes it, with what the reader marked. */
  async saveReport(marks) {
    const end = { finished: new Date().toLocaleString(), complete: this.done === this.total };
    const records = this.finished.map(({ record }) => record);
    saveCopy(await this.judge.emptyReport(), { about: this.about, records, end }, marks, "report.html");
    this.saved = true;
  }

  /** Say so if something cannot be saved. */
  saving(promise) {
    promise.catch((error) => {
      byId("trouble").textContent = `The report cannot be saved: ${error.message}.`;
      byId("trouble").hidden = false;
    });
  }

  saveCsv() {
    download(predictionsCsv(this.finished.map(({ prediction }) => prediction)), "results.csv", "text/csv");
    this.saved = true;
  }

  saveJson() {
    download(["[\n", this.finished.map(({ prediction }) => JSON.stringify(prediction)).join(",\n"), "\n]\n"], "results.json", "application/json");
    this.saved = true;
  }

  wire() {
    const pick = (button, input) => {
      byId(button).addEventListener("click", () => byId(input).click());
      byId(input).addEventListener("change", () => {
        const files = [...byId(input).files].map((file) => ({ file, name: file.webkitRelativePath || file.name, chosen: !file.webkitRelativePath }));
        byId(input).value = "";
        this.take(files);
      });
    };
    pick("pick-files", "files");
    pick("pick-folder", "folder");
    const over = (on) => (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", on);
    };
    document.addEventListener("dragover", over(true));
    document.addEventListener("dragleave", (event) => event.relatedTarget || over(false)(event));
    document.addEventListener("drop", (event) => {
      over(false)(event);
      if (event.dataTransfer) this.take(dropped(event.dataTransfer));
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      this.take(files.map((file) => ({ file, name: `pasted/${(this.pasted += 1)} ${file.name}`, chosen: true })));
    });
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
