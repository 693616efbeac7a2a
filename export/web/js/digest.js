// Digests of files, in hexadecimal; by hash-wasm, since browsers have no BLAKE2b, and SHA-256 not on every page.

import "../vendor/hash-wasm/blake2b.umd.min.js";
import "../vendor/hash-wasm/sha256.umd.min.js";

/** @typedef {{ blake2b: (bytes: Uint8Array, bits: number) => Promise<string>, sha256: (bytes: Uint8Array) => Promise<string> }} Hashes */

const { hashwasm } = /** @type {{ hashwasm: Hashes }} */ (/** @type {unknown} */ (globalThis));

/** @param {Uint8Array} bytes */
export const sha256 = (bytes) => hashwasm.sha256(bytes);

/**
 * BLAKE2b-128, by which reports know a file again.
 * @param {Uint8Array} bytes
 */
export const blake2b128 = (bytes) => hashwasm.blake2b(bytes, 128);
