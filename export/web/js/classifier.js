// The model in its session: from face crops to `p_fake` and maps of evidence; as `fakeface/_classifier.py`.

import { occlusion } from "./heatmap.js";

/** @typedef {import("./models.js").Network} Network */
/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

export class Classifier {
  /**
   * @param {Network} network
   * @param {boolean} [explain] whether faces get a heat map; by default where the model makes it with its score
   */
  constructor(network, explain) {
    this.network = network;
    const { crop, thresholds, settings } = network.info;
    this.crop = crop;
    this.thresholds = thresholds;
    this.cam = network.outputs.includes("cam");
    this.bias = this.cam ? settings.cam_bias : 0;
    this.explain = explain ?? this.cam;
  }

  /**
   * Score a crop.
   * @param {Uint8Array} crop red, green and blue
   * @returns {Promise<{ p: number, heatmap: Heatmap | null }>}
   */
  async score(crop) {
    const { p, cam } = await this.run(crop, this.explain && this.cam ? ["p_fake", "cam"] : ["p_fake"]);
    if (cam) {
      const [height, width] = cam.dims.slice(-2);
      const values = Float32Array.from(cam.data, (/** @type {number} */ value) => value + this.bias);
      return { p, heatmap: { width, height, values, method: "cam" } };
    }
    if (!this.explain) return { p, heatmap: null };
    return { p, heatmap: await occlusion(crop, this.crop.size, p, async (hidden) => (await this.run(hidden, ["p_fake"])).p) };
  }

  /**
   * @param {Uint8Array} crop
   * @param {string[]} outputs
   */
  async run(crop, outputs) {
    const { size } = this.crop;
    const given = await this.network.run(crop, [1, size, size, 3], outputs);
    const p = given.p_fake.data[0];
    if (!(p >= 0 && p <= 1)) throw new Error("the model gives a p_fake that is not within 0 to 1");
    return { p, cam: given.cam ?? null };
  }

  /**
   * The verdict of a score.
   * @param {number} p
   * @returns {"fake" | "uncertain" | "real"}
   */
  verdict(p) {
    if (p >= this.thresholds.fake) return "fake";
    return p < this.thresholds.real ? "real" : "uncertain";
  }
}
