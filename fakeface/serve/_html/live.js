// Pictures that are dropped, picked or pasted: sent one by one, shown as their results come, saved on request.

const NAMES = /\.(avif|bmp|gif|heic|heif|jfif|jpe?g|mpo|png|tiff?|webp)$/i;
const SHOWN = ["avif", "bmp", "gif", "jpeg", "png", "webp"].map((kind) => `image/${kind}`);
const SHOW_EVERY = 250; // milliseconds

/** The files of what was dropped, folders with all that is in them; yields `{ file, name, chosen }`. */
async function* dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean); // before the first await
  const files = entries.length ? [] : [...transfer.files];
  for (const file of files) yield { file, name: file.name, chosen: true };
  for (const entry of entries) yield* within(entry, true);
}

async function* within(entry, chosen) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) yield { file, name: entry.fullPath.replace(/^\//, ""), chosen };
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const one of some.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))) yield* within(one, false);
  }
}

/** Let details show a picture in its own resolution, where the browser can show such files: only the first frame of each. */
function showOriginal(record, file) {
  if (!record.thumb || record.frames || !SHOWN.includes(file.type)) return;
  let url = null;
  Object.defineProperty(record, "url", { get: () => (url ??= URL.createObjectURL(file)), enumerable: false });
}

class Server {
  constructor() {
    this.token = sessionStorage.getItem("token");
  }

  /** Ask the server; waits for the token where it needs one. */
  async ask(path, options = {}) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    const answer = await fetch(path, { ...options, headers });
    if (answer.status !== 401) return answer;
    await this.askForToken();
    return this.ask(path, options);
  }

  askForToken() {
    const form = byId("token-form");
    byId("token-wrong").textContent = this.token ? "That is not it." : "";
    form.hidden = false;
    byId("token").focus();
    this.asking ??= new Promise((resolve) => {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.token = byId("token").value.trim();
        sessionStorage.setItem("token", this.token);
        form.hidden = true;
        this.asking = null;
        resolve();
      }, { once: true });
    });
    return this.asking;
  }
}

class Live {
  constructor(server, { about, workers, max_picture: most, csv }) {
    Object.assign(this, { server, about, workers, most });
    this.page = new ReportPage(structuredClone(about), { save: (marks) => this.saving(this.saveReport(marks)) });
    this.header = csv;
    this.results = []; // what is saved: { record, json, csv }, in the order of the pictures
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
      if (!chosen && !file.type.startsWith("image/") && !NAMES.test(name)) {
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
    const fits = file.size <= this.most;
    const query = new URLSearchParams({ name, size: fits ? 0 : file.size });
    const options = { method: "POST", body: fits ? file : null, signal: this.abort.signal };
    for (;;) {
      const answer = await this.server.ask(`page/records?${query}`, options);
      if (answer.ok) return answer.json();
      if (answer.status !== 429) throw new Error((await answer.json()).detail);
      const seconds = Number(answer.headers.get("retry-after")) || 1;
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      if (this.stopped) throw new DOMException("stopped", "AbortError");
    }
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
    const answer = await this.server.ask("page/report");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const end = { finished: new Date().toLocaleString(), complete: this.done === this.total };
    const records = this.finished.map(({ record }) => record);
    saveCopy(await answer.text(), { about: this.about, records, end }, marks, "report.html");
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
    download(["\ufeff", this.header, ...this.finished.map(({ csv }) => csv)], "results.csv", "text/csv");
    this.saved = true;
  }

  saveJson() {
    download(["[\n", this.finished.map(({ json }) => json).join(",\n"), "\n]\n"], "results.json", "application/json");
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

document.addEventListener("DOMContentLoaded", async () => {
  const server = new Server();
  try {
    window.live = new Live(server, await (await server.ask("page/about")).json());
  } catch (error) {
    byId("trouble").textContent = `The server cannot be reached: ${error.message}.`;
    byId("trouble").hidden = false;
  }
});
