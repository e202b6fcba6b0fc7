// Everything that computes, off the page's thread. Messages in: {open, sampleRate}, {samples}, {flush}; samples come
// from the page or, on a port, straight from the audio thread. Messages out: {ready}, {opened}, {output}, {flushed},
// {error}.
"use strict";

const RUNTIME = new URL("vendor/litert/", self.location.href).href;
importScripts("vendor/litert/litert.js", "decision.js", "resample.js", "stream.js", "model.js");

let model = null;
let metadata = null;
let stream = null;
let work = start();

async function start() {
  const [bytes, text] = await Promise.all([fetchBytes("vad.tflite"), fetchBytes("vad.json")]);
  metadata = JSON.parse(new TextDecoder().decode(text));
  model = await vadModel.Model.load(bytes, metadata, RUNTIME);
  self.postMessage({ type: "ready", metadata });
}

async function fetchBytes(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function take(message) {
  if (message.type === "open") {
    stream?.restart();
    stream = new vadStream.Stream(model, metadata, message.sampleRate, message.rule);
    self.postMessage({ type: "opened" });
  } else if (message.type === "samples" && stream) {
    self.postMessage({ type: "output", ...(await stream.push(message.samples)) });
  } else if (message.type === "flush" && stream) {
    self.postMessage({ type: "output", ...(await stream.flush()) });
    stream = null;
    self.postMessage({ type: "flushed" });
  }
}

// One after the other, whatever awaits in between.
function queue(message) {
  work = work.then(() => take(message)).catch(fail);
}

function fail(error) {
  self.postMessage({ type: "error", message: String(error && error.message ? error.message : error) });
}

work = work.catch(fail);
self.onmessage = ({ data }) => {
  if (data.type === "port") data.port.onmessage = (event) => queue({ type: "samples", samples: event.data });
  else queue(data);
};
