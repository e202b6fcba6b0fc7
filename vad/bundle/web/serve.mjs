// A web server for trying the page: `npm start`, then http://localhost:8080. Any static server does as well.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const port = Number(process.env.PORT ?? 8080);
const TYPES = {
  ".css": "text/css", ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".json": "application/json",
  ".svg": "image/svg+xml", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json",
};

// The file that a request names, or null where there is none.
function wanted(url) {
  try {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const file = join(here, normalize(path === "/" ? "/index.html" : path));
    return file.startsWith(here) && statSync(file).isFile() ? file : null;
  } catch {
    return null; // no such file, or no name at all
  }
}

createServer((request, response) => {
  const file = wanted(request.url);
  if (file === null) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  return createReadStream(file).pipe(response);
}).listen(port, "127.0.0.1", () => console.log(`http://localhost:${port}`));
