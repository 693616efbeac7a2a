// Judges pictures for the page, beside it: the page stays quick while the model runs.
//
// Messages in: { base } once, then { id, file, name } for each picture. Out: { ready } or { trouble } once, then { id, prediction,
// record } for each picture, in order.

import { Detector, PictureError } from "./detector.js";
import { fetchBytes } from "./models.js";
import { record } from "./record.js";

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));

/** @typedef {{ detector: Detector, span: number }} Ready */

/** @type {Promise<Ready>} */
let ready;

/**
 * Load the models, and compare with what the library said of a few pictures.
 * @param {string} base
 * @returns {Promise<Ready>}
 */
async function begin(base) {
  const detector = await Detector.load(base);
  const { golden, about } = JSON.parse(new TextDecoder().decode(await fetchBytes(new URL("detector.json", base))));
  for (const { source, verdict, p_fake: p } of golden.predictions) {
    const file = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (await fetchBytes(new URL(`pictures/${source}`, base)))]);
    const given = await detector.predict(file, { name: source });
    const far = p === null || given.p_fake === null ? given.verdict !== verdict : Math.abs(given.p_fake - p) > golden.tolerance;
    if (far) throw new Error(`this browser does not compute what it should: ${source} got ${given.p_fake}, not ${p}`);
  }
  return { detector, span: about.heat.span };
}

/**
 * @param {number} id
 * @param {Blob} file
 * @param {string} name
 */
async function judge(id, file, name) {
  const { detector, span } = await ready;
  try {
    const look = { crop: detector.classifier.crop, span };
    scope.postMessage(await detector.judge(file, name, async (picture, prediction, data) => {
      const shown = await record(picture, prediction, data, look);
      return { id, prediction: plain(prediction), record: shown };
    }));
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    scope.postMessage({ id, error: error.message });
  }
}

/**
 * The fields that reports keep, rounded as there.
 * @param {import("./detector.js").Prediction} prediction
 */
function plain(prediction) {
  const faces = prediction.faces.map(({ box, detection_score: score, p_fake, verdict }) => ({
    box: box.map((value) => Math.round(value * 100) / 100), detection_score: Math.round(score * 1e4) / 1e4, p_fake, verdict,
  }));
  return { ...prediction, faces };
}

scope.addEventListener("message", async ({ data }) => {
  if (data.base) {
    ready = begin(data.base);
    ready.then(({ detector }) => scope.postMessage({ ready: detector.info }), (error) => scope.postMessage({ trouble: error.message }));
    return;
  }
  try {
    await judge(data.id, data.file, data.name);
  } catch (error) {
    scope.postMessage({ id: data.id, trouble: error instanceof Error ? error.message : String(error) });
  }
});
