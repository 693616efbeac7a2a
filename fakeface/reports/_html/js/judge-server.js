// The judge that posts each picture to the server that the page came from; see judge.js for what a judge is.

import { byId } from "./dom.js";
import { failure } from "./judge.js";

/** Answers that are about the server and not about the picture that was sent: the others would get them too. */
const GENERAL = new Set([403, 421, 502, 503, 504]);

export class ServerJudge {
  constructor() {
    this.token = sessionStorage.getItem("token");
  }

  async info() {
    this.known = await (await this.ask("page/about")).json();
    return this.known;
  }

  async predict(file, { name, signal }) {
    // As a picture of whatever kind: the server reads what it is from its bytes.
    const headers = { "Content-Type": file.type.startsWith("image/") ? file.type : "application/octet-stream" };
    const query = new URLSearchParams({ name });
    for (;;) {
      const answer = await this.ask(`page/records?${query}`, { method: "POST", body: file, signal, headers });
      if (answer.ok) return answer.json();
      if (answer.status !== 429) return this.refused(name, answer);
      const seconds = Number(answer.headers.get("retry-after")) || 1;
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      signal.throwIfAborted();
    }
  }

  async emptyReport() {
    const answer = await this.ask("page/report");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.text();
  }

  async refused(name, answer) {
    const reason = await answer.json().then(({ detail }) => String(detail), () => `the server answered with status ${answer.status}`);
    if (GENERAL.has(answer.status)) throw new Error(reason);
    return failure(name, reason, this.known);
  }

  /** Ask the server; waits for the token where it needs one. */
  async ask(path, options = {}) {
    const headers = { ...options.headers, ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}) };
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
