// A judge that runs the model in this browser, in a worker beside the page; judge.js of the page says what a judge is.

import { failure } from "./judge.js";

/** @typedef {import("./judge.js").Info} Info */
/** @typedef {import("./judge.js").Judge} Judge */
/** @typedef {{ resolve: (answer: any) => void, reject: (error: Error) => void, name: string }} Waiting */

/** @implements {Judge} */
export class WebJudge {
  /** @param {string} base address of the site */
  constructor(base) {
    this.base = base;
    /** @type {Map<number, Waiting>} */
    this.waiting = new Map();
    this.last = 0;
    /** @type {Info | null} */
    this.known = null;
    /** @type {Worker | null} */
    this.worker = null;
  }

  /** What is known of the detector before its models are there. */
  async info() {
    const site = await (await this.fetch("detector.json")).json();
    const threads = window.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, 4) : 1;
    const date = new Date().toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
    /** @type {Record<string, string>} */
    const facts = {
      "Origin of files": "read from metadata; content credentials are named, their signatures not checked",
      Software: `fakeface ${site.fakeface}, ONNX Runtime Web ${site.runtime}: WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}, in this browser`,
      Began: date,
    };
    const { about } = site;
    about.date = date;
    about.facts = about.facts.map((/** @type {[string, string]} */ [name, value]) => [name, facts[name] ?? value]);
    this.start();
    this.known = { about, workers: 1, max_picture: 512 * 2 ** 20, model: site.name, settings: site.settings };
    return this.known;
  }

  /** @param {string} path */
  async fetch(path) {
    const answer = await fetch(new URL(path, this.base));
    if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
    return answer;
  }

  start() {
    // a worker from a blob: keeps the page's content security policy, one from an address would have none
    const program = new Blob([`import ${JSON.stringify(new URL("js/worker.js", this.base).href)};`], { type: "text/javascript" });
    const address = URL.createObjectURL(program);
    const worker = new Worker(address, { type: "module" });
    worker.addEventListener("message", ({ data }) => this.take(data));
    worker.addEventListener("error", (event) => this.fail(new Error(event.message || "the model cannot be loaded")));
    worker.postMessage({ base: this.base });
    this.worker = worker;
  }

  /** @param {any} data what the worker says */
  take(data) {
    if (data.trouble) return this.fail(new Error(data.trouble));
    const asked = this.waiting.get(data.id);
    if (!asked || !this.known) return undefined;
    this.waiting.delete(data.id);
    return asked.resolve(data.error ? failure(asked.name, data.error, this.known) : data);
  }

  /** @param {Error} error why no picture can be judged */
  fail(error) {
    const trouble = document.getElementById("trouble");
    if (trouble) {
      trouble.textContent = `No picture can be judged: ${error.message}.`;
      trouble.hidden = false;
    }
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.worker?.terminate();
    this.worker = null;
  }

  /**
   * @param {Blob} file
   * @param {{ name: string, signal: AbortSignal }} options
   */
  predict(file, { name, signal }) {
    if (!this.worker) this.start(); // it is tried again where the reader goes on
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, name });
      signal.addEventListener("abort", () => {
        this.waiting.delete(id);
        reject(new DOMException("stopped", "AbortError"));
      });
      this.worker?.postMessage({ id, file, name });
    });
  }

  async emptyReport() {
    return (await this.fetch("report.html")).text();
  }
}

/** Keep the site for use without a network, where the browser can. */
export function keepOffline() {
  if (window.isSecureContext) navigator.serviceWorker?.register("sw.js").catch(() => {}); // the page works without
}
