// Keeps the site in the browser: it works without a network after the first visit, and its version is that of its files.

const FILES = /** @type {string[]} */ (JSON.parse('{{files}}'));
/** @type {Record<string, string>} */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin", // with the next one: threads for the model
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Content-Security-Policy": "{{policy}}",
};

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));
const SITE = `fakeface ${scope.registration.scope} `; // other sites may share the origin
const VERSION = `${SITE}{{version}}`;

/** Not from the browser's own cache: what is there may be of the version before. */
const fresh = (/** @type {string} */ file) => new Request(file, { cache: "reload" });

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(FILES.map(fresh))));
});

scope.addEventListener("activate", (event) => {
  /** @param {string} name */
  const old = (name) => name.startsWith(SITE) && name !== VERSION;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === location.origin) event.respondWith(answer(request));
});

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open(VERSION);
  const kept = (await cache.match(request, { ignoreSearch: true })) ?? (await fetch(request));
  if (!kept.ok) return kept;
  const headers = new Headers(kept.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(kept.body, { status: kept.status, headers });
}
