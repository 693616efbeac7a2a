// The front door: tells photographs of faces from faces made by AI, in this browser.
//
//   const detector = await Detector.load(new URL("./", location.href));
//   const { verdict, p_fake } = await detector.predict(file);

import { longer } from "./boxes.js";
import { Classifier } from "./classifier.js";
import { cropFaces, cropSquare } from "./crop.js";
import { blake2b128 } from "./digest.js";
import { findFaces } from "./find.js";
import { FaceFinder } from "./finder.js";
import { openNetwork, fetchBytes, setUp } from "./models.js";
import { Picture, PictureError } from "./picture.js";
import { provenanceOf, says } from "./provenance.js";
import { toRgb, turned } from "./raster.js";
import { useWords } from "./vocabulary.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */
/** @typedef {import("./provenance.js").Provenance} Provenance */
/** @typedef {"fake" | "uncertain" | "real" | "too_small" | "no_face"} Verdict */

/**
 * One face. Its box is left, top, width and height in pixels of the upright picture. `square` is what the heat map covers:
 * left, top and side.
 * @typedef {{ box: [number, number, number, number], detection_score: number, p_fake: number | null, verdict: Verdict,
 *   square: [number, number, number], heatmap: Heatmap | null }} Face
 */

/**
 * The result for one picture: the fields of `Prediction.as_dict()` of the Python library.
 * @typedef {{ source: string, verdict: Verdict | null, p_fake: number | null, faces: Face[], size: [number, number] | null,
 *   model: string, settings: string, digest: string | null, error: string | null, says: string | null,
 *   provenance: Provenance | null, frames: number | null, frame: number | null }} Prediction
 */

/**
 * What the site says of its detector: `detector.json`, written by `python -m export web`.
 * @typedef {{ fakeface: string, model: string, faces: string, settings: string, min_face: number,
 *   words: import("./vocabulary.js").Words }} Site
 */

export { PictureError };

export class Detector {
  /**
   * Load the models of a site.
   * @param {URL | string} base address of the folder that `python -m export web` wrote
   * @param {{ threads?: number, explain?: boolean }} [options] threads of the model, by default as many as the page may have,
   *   up to 4; and whether faces get a heat map, by default where the model makes it with its score
   * @returns {Promise<Detector>}
   */
  static async load(base, { threads, explain } = {}) {
    const folder = new URL(base, globalThis.location?.href);
    /** @type {Site} */
    const site = JSON.parse(new TextDecoder().decode(await fetchBytes(new URL("detector.json", folder))));
    useWords(site.words);
    const runtime = setUp(folder, threads);
    const [model, near] = await Promise.all([openNetwork(new URL(site.model, folder)), openNetwork(new URL(site.faces, folder))]);
    const finder = new FaceFinder(near, async () => {
      const far = await openNetwork(new URL("far/", new URL(site.faces, folder)));
      if (far.info.sha256 !== near.info.settings.far_sha256) throw new Error("the two networks of the face finder are of different versions");
      return far;
    });
    return new Detector(site, new Classifier(model, explain), finder, runtime);
  }

  /**
   * @param {Site} site
   * @param {Classifier} classifier
   * @param {FaceFinder} finder
   * @param {{ version: string, threads: number }} runtime
   */
  constructor(site, classifier, finder, runtime) {
    this.site = site;
    this.classifier = classifier;
    this.finder = finder;
    const { name, version, sha256 } = classifier.network.info;
    this.model = name;
    this.settings = site.settings;
    this.info = { fakeface: site.fakeface, model: `${name} ${version}`, sha256, runtime: `ONNX Runtime Web ${runtime.version}`, provider: "WebAssembly", threads: runtime.threads };
    /** @type {Promise<unknown>} */
    this.busy = Promise.resolve();
  }

  /**
   * Judge a picture.
   * @param {Blob} file a file, or its bytes in a Blob
   * @param {{ name?: string }} [options] what to call it in the result; by default the name of the file
   * @returns {Promise<Prediction>}
   * @throws {PictureError} it cannot be read
   */
  async predict(file, { name } = {}) {
    return this.judge(file, name ?? /** @type {File} */ (file).name ?? "<blob>", async (_, prediction) => prediction);
  }

  /**
   * Judge a picture, and do something with its pixels before they are given back.
   * @template Result
   * @param {Blob} file
   * @param {string} name
   * @param {(picture: Picture, prediction: Prediction, data: Uint8Array) => Promise<Result>} use
   * @returns {Promise<Result>}
   */
  judge(file, name, use) {
    const judged = this.busy.then(() => this.judgeNow(file, name, use)); // one after the other: memory stays flat
    this.busy = judged.catch(() => {});
    return judged;
  }

  /**
   * @template Result
   * @param {Blob} file
   * @param {string} name
   * @param {(picture: Picture, prediction: Prediction, data: Uint8Array) => Promise<Result>} use
   */
  async judgeNow(file, name, use) {
    const data = new Uint8Array(await file.arrayBuffer().catch(() => {
      throw new PictureError("cannot be read: it was moved, changed or deleted");
    }));
    const picture = await Picture.decode(data);
    try {
      const faces = await this.faces(picture);
      const scores = faces.flatMap(({ p_fake: p }) => p ?? []);
      const worst = scores.length ? Math.max(...scores) : null;
      const provenance = await provenanceOf(data);
      /** @type {Prediction} */
      const prediction = {
        source: name,
        verdict: worst !== null ? this.classifier.verdict(worst) : faces.length ? "too_small" : "no_face",
        p_fake: worst,
        faces,
        size: [picture.width, picture.height],
        model: this.model,
        settings: this.settings,
        digest: await blake2b128(data),
        error: null,
        says: says(provenance),
        provenance,
        frames: picture.frames,
        frame: 0,
      };
      return await use(picture, prediction, data);
    } finally {
      picture.close();
    }
  }

  /**
   * Find the faces of a picture and score them.
   * @param {Picture} picture
   * @returns {Promise<Face[]>}
   */
  async faces(picture) {
    const { faces: found, upsideDown } = await findFaces(picture, this.finder);
    const scored = found.filter(({ box }) => longer(box) >= this.site.min_face);
    const crops = cropFaces(picture, scored.map(({ box }) => box), this.classifier.crop);
    const faces = [];
    for (const face of found) {
      const { box, score } = face;
      const [left, top, right, bottom] = box;
      const crop = crops[scored.indexOf(face)];
      const { p, heatmap } = crop ? await this.classifier.score(toRgb(upsideDown ? turned(crop) : crop)) : { p: null, heatmap: null };
      if (upsideDown) heatmap?.values.reverse();
      faces.push({
        box: /** @type {[number, number, number, number]} */ ([left, top, right - left, bottom - top]), detection_score: score, p_fake: p,
        verdict: p === null ? /** @type {const} */ ("too_small") : this.classifier.verdict(p),
        square: cropSquare(box, [picture.width, picture.height], this.classifier.crop.margin), heatmap,
      });
    }
    return faces;
  }

  /**
   * The result for a picture that cannot be read.
   * @param {string} name
   * @param {string} reason
   * @returns {Prediction}
   */
  fail(name, reason) {
    return {
      source: name, verdict: null, p_fake: null, faces: [], size: null, model: this.model, settings: this.settings, digest: null,
      error: reason, says: null, provenance: null, frames: null, frame: null,
    };
  }

  /** Give the memory of the models back. */
  async close() {
    await this.busy;
    await this.classifier.network.close();
    await this.finder.near.network.close();
    await this.finder.opened?.network.close();
  }
}
