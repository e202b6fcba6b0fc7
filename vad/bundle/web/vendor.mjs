// Copies LiteRT.js (Apache-2.0) from node_modules into vendor/litert, so that the page needs no other host.
// Run by `npm install`; the files it makes are all that has to be served.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(here, "vendor.mjs"));
const entry = (name) => require.resolve(name);
const core = entry("@litertjs/core");
const wasm = join(dirname(core), "..", "wasm");
const target = join(here, "vendor", "litert");
mkdirSync(target, { recursive: true });

// A worker that loads wasm through importScripts cannot be a module: both modules become one script.
const body = (path) => readFileSync(path, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
const withoutExports = (text) => text.replace(/^export \{[^}]*\};?\s*$/m, "");
const utils = withoutExports(body(entry("@litertjs/wasm-utils")));
const [imported] = body(core).match(/^import \{ createWasmLib \} from "@litertjs\/wasm-utils";$/m) ?? [];
if (!imported) throw new Error("vendor.mjs: this version of @litertjs/core is not the one that package.json names");
const main = withoutExports(body(core).replace(imported, ""));
const { version } = JSON.parse(readFileSync(join(wasm, "..", "package.json"), "utf8"));
writeFileSync(
  join(target, "litert.js"),
  `// @litertjs/core ${version} and @litertjs/wasm-utils, Copyright Google LLC, Apache-2.0; joined by vendor.mjs.\n` +
    `"use strict";\nself.litert = (() => {\n${utils}\n${main}\nreturn { Tensor, loadAndCompile, loadLiteRt };\n})();\n`,
);

// With relaxed SIMD, and without for browsers that lack it.
for (const name of ["litert_wasm_internal", "litert_wasm_compat_internal"]) {
  for (const suffix of ["js", "wasm"]) copyFileSync(join(wasm, `${name}.${suffix}`), join(target, `${name}.${suffix}`));
}
const files = ["litert.js", "litert_wasm_internal.wasm", "litert_wasm_compat_internal.wasm"];
if (!files.every((file) => existsSync(join(target, file)))) throw new Error("vendor.mjs: a file is missing");
console.log(`LiteRT.js ${version} copied to vendor/litert`);
