// Arrays that Python packed: deflated, in base64. Returns a promise of an ArrayBuffer.
"use strict";

async function vadUnpack(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
