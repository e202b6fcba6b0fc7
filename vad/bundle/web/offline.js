// Keeps the page for use without a network. Files that came once are served from here; a new bundle has another name.
const STORE = "vad-@DIGEST@";
const FILES = [
  "./", "index.html", "theme.css", "page.css", "page.js", "draw.js", "vad.js", "worker.js", "capture.js", "model.js",
  "stream.js", "resample.js", "decision.js", "vad.json", "vad.tflite", "icon.svg", "app.webmanifest",
  "vendor/litert/litert.js",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name.startsWith("vad-") && name !== STORE);
  const clean = caches.keys().then((names) => Promise.all(others(names).map((name) => caches.delete(name))));
  event.waitUntil(clean.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith(answer(event.request));
});

// Which of the two runtimes a browser takes is known only when it asks: that one is kept then.
async function answer(request) {
  const store = await caches.open(STORE);
  const found = await store.match(request, { ignoreSearch: true });
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) await store.put(request, response.clone());
  return response;
}
