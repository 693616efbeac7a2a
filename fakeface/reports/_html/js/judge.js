// What the page asks for a verdict: the contract of every judge, and what they share.
//
// The page knows nothing of servers or models. `start` of live.js gets a judge: one that posts to the server that the page
// came from (judge-server.js), or any other object with these members, such as one that runs the model in the browser.

/**
 * One result, with the keys and values of `Prediction.as_dict` in Python, which are those of `POST /v1/predict`.
 * @typedef {object} Prediction
 * @property {string} source the `name` that `predict` was given
 * @property {"fake" | "uncertain" | "real" | "too_small" | "no_face" | null} verdict null where `error` says why
 * @property {number | null} p_fake of the most suspicious face; null where none could be scored
 * @property {{ box: number[], p_fake: number | null, verdict: string }[]} faces the largest first; with the finder's own score
 * @property {[number, number] | null} size width and height of the upright picture
 * @property {string} model
 * @property {string} settings fingerprint of the detector
 * @property {string | null} digest BLAKE2b-128 of the bytes, in hexadecimal
 * @property {string | null} error why the file could not be judged, in one line
 * @property {string | null} says what the file says of its origin, in one line
 * @property {{ declared: string | null, statements: object[], problems: string[], trailing: number } | null} provenance
 * @property {number | null} frames
 * @property {number | null} frame
 */

/**
 * What the page shows of a result; the same as `record` in _record.py makes. All text is printable.
 * @typedef {object} PageRecord
 * @property {string} name
 * @property {string | null} verdict
 * @property {number | null} p
 * @property {[number, number] | null} size
 * @property {PageFace[]} faces the most suspicious first
 * @property {string | null} thumb a small JPEG of the whole upright picture, base64 without any prefix; its longer side is 320 px
 * @property {string | null} large the same with 1280 px, where reports hold one
 * @property {"missing" | "changed" | "unreadable" | null} gone why there is no `thumb`
 * @property {string | null} link address of the original
 * @property {string | null} digest
 * @property {string | null} sha256
 * @property {string | null} frames such as "3 of 12"; null for a picture with one frame
 * @property {string | null} error
 * @property {Said | null} said what the file says; null if that was not read
 */

/**
 * @typedef {object} PageFace
 * @property {number[]} box x, y, width and height in pixels of the upright picture
 * @property {number[]} square x, y and side of the part that the model saw
 * @property {number} score the face finder's
 * @property {number | null} p
 * @property {string} verdict
 * @property {[number, number, string] | null} heat height, width, and the values as base64 of signed bytes, row by row: 127 is the
 *   strongest sign of AI (`about.heat.span` of the method), -127 of a photograph
 * @property {string | null} tile a JPEG of `square`, base64, for a face that is small in its picture
 */

/**
 * @typedef {object} Said
 * @property {string} label a few words for a badge; empty where the file says nothing
 * @property {string} says one line
 * @property {"ai" | "camera" | null} declared
 * @property {{ text: string, kind: string, trust: string, detail: string }[]} statements
 * @property {string[]} problems
 * @property {number} trailing bytes behind the picture
 */

/**
 * @typedef {object} Info
 * @property {object} about the detector in words, as `about` in _about.py makes it
 * @property {number} workers pictures that are judged at once
 * @property {number} max_picture most bytes of a file; `predict` is not called with a larger one
 * @property {string} model name, for results that the page makes itself
 * @property {string} settings fingerprint of the detector
 */

/**
 * @typedef {object} Judge
 * @property {() => Promise<Info>} info called once, before anything else
 * @property {(file: Blob, options: { name: string, signal: AbortSignal }) => Promise<{ prediction: Prediction, record: PageRecord }>} predict
 *   Judges one picture. A file that is refused or cannot be read is an answer with an `error` (see `failure`). It rejects with an
 *   `AbortError` when `signal` says so, and with any other error only if no further picture can be judged either: the page
 *   then stops, says so and offers to continue.
 * @property {() => Promise<string>} emptyReport the HTML of a report without records, which the page fills and saves
 */

/**
 * The answer for a file that was not judged.
 * @param {string} name
 * @param {string} error why, in one line
 * @param {Info} info
 * @returns {{ prediction: Prediction, record: PageRecord }}
 */
export function failure(name, error, { model, settings }) {
  const nothing = { verdict: null, size: null, digest: null, error, frames: null };
  return {
    prediction: { source: name, p_fake: null, faces: [], model, settings, says: null, provenance: null, frame: null, ...nothing },
    record: { name, p: null, faces: [], thumb: null, large: null, gone: null, link: null, sha256: null, said: null, ...nothing },
  };
}
