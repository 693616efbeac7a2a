// Fetching models and opening them: each file is checked against the sha256 that the site was built with.

import { sha256 } from "./digest.js";
import * as ort from "../vendor/onnxruntime-web/ort.wasm.min.mjs";

/**
 * What `model.json` says, as far as it matters here.
 * @typedef {{ name: string, version: string, crop: import("./crop.js").CropSpec, thresholds: { fake: number, real: number },
 *   settings: any, sha256: string, licence: string }} ModelInfo
 */

/** @typedef {{ data: any, dims: number[] }} Tensor */

/**
 * A network in a session of ONNX Runtime.
 * @typedef {{ info: ModelInfo, outputs: string[],
 *   run: (input: Uint8Array, dims: number[], outputs: string[]) => Promise<Record<string, Tensor>>,
 *   close: () => Promise<void> }} Network
 */

/**
 * Fetch a file of the site.
 * @param {URL} url
 * @returns {Promise<Uint8Array>}
 */
export async function fetchBytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url.pathname}: status ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * Set up ONNX Runtime, before the first network is opened.
 * @param {URL} base address of the site
 * @param {number} [threads] by default one for each processor, up to 4, where the page is cross-origin isolated, or else 1
 */
export function setUp(base, threads) {
  const usable = globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, 4) : 1;
  ort.env.wasm.wasmPaths = new URL("vendor/onnxruntime-web/", base).href;
  ort.env.wasm.numThreads = Math.min(threads ?? usable, usable);
  ort.env.logLevel = "error";
  return { version: ort.env.versions.web ?? "", threads: ort.env.wasm.numThreads };
}

/**
 * Open the network in a folder of the site.
 * @param {URL} folder
 * @returns {Promise<Network>}
 */
export async function openNetwork(folder) {
  const info = JSON.parse(new TextDecoder().decode(await fetchBytes(new URL("model.json", folder))));
  const bytes = await fetchBytes(new URL("model.onnx", folder));
  if ((await sha256(bytes)) !== info.sha256) {
    throw new Error(`${folder.pathname}model.onnx is not the file that model.json describes: it was cut off or changed on its way`);
  }
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  return {
    info,
    outputs: [...session.outputNames],
    async run(input, dims, outputs) {
      const given = await session.run({ image: new ort.Tensor("uint8", input, dims) }, outputs);
      return /** @type {any} */ (given);
    },
    close: () => session.release(),
  };
}
