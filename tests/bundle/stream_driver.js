// Resamplers and streams, by commands on standard input; stream_driver.c says which. Arguments: the folder of the port.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const files = ["resample.js", "decision.js", "stream.js"].map((name) => fs.readFileSync(path.join(process.argv[2], name), "utf8"));
const { Resampler, Stream } = Function(`${files.join("\n")}\nreturn { ...vadResample, ...vadStream };`)();
const tokens = fs.readFileSync(0, "utf8").split(/\s+/).filter(Boolean);
let at = 0;
const next = () => Number(tokens[at++]);
const numbers = () => Array.from({ length: next() }, next);
const floats = () => new Float32Array(Uint32Array.from(numbers()).buffer);
const NAMES = ["onset_threshold", "offset_threshold", "hangover_s", "min_speech_s", "min_silence_s",
  "pad_start_s", "pad_end_s", "merge_gap_s", "max_speech_s", "confirm_threshold"];
const RATE = 16000;
const lines = [];

const chunks = function* (samples, size) {
  for (let from = 0; from < samples.length; from += size) yield samples.subarray(from, from + size);
};
const print = (values) => {
  for (const bits of new Uint32Array(Float32Array.from(values).buffer)) lines.push(`value ${bits}`);
};

function resample() {
  const resampler = new Resampler(next(), next());
  const size = next();
  for (const chunk of chunks(floats(), size)) print(resampler.push(chunk));
  print(resampler.flush());
}

// Tells the posteriors that it was given, one a window, and only where the window is the right one.
class Answers {
  constructor(samples, posteriors, lookahead) {
    Object.assign(this, { samples, posteriors, lookahead });
  }

  newState() {
    return { call: 0 };
  }

  free() {}

  async run(signature, audio, state) {
    const frames = Number(signature.slice("audio_".length));
    audio.forEach((value, k) => {
      if (value !== (this.samples[state.call * 160 + k] ?? 0)) throw new Error(`call ${state.call}: another window`);
    });
    const posteriors = Float32Array.from({ length: frames }, (_, k) => this.posteriors[state.call + k - this.lookahead] ?? NaN);
    return { posteriors, state: { call: state.call + frames } };
  }
}

async function stream() {
  const rule = Object.fromEntries(NAMES.map((name) => [name, next()]));
  for (const name of ["max_speech_s", "confirm_threshold"]) if (rule[name] === 0) rule[name] = null;
  const lookahead = next();
  const size = next();
  const samples = Float32Array.from(numbers(), (value) => value / 32768);
  const metadata = {
    features: { sample_rate: RATE, win_length: 512, hop_length: 160 },
    lookahead_frames: lookahead,
    signatures: { audio_1: 1, audio_32: 32 },
    decision: rule,
  };
  const made = new Stream(new Answers(samples, floats(), lookahead), metadata, RATE);
  const outputs = [];
  for (const chunk of chunks(samples, size)) outputs.push(await made.push(chunk));
  outputs.push(await made.flush());
  for (const { posteriors, events } of outputs) {
    print(posteriors);
    for (const { kind, ...times } of events) {
      const order = { start: ["start", "onset", "known"], end: ["start", "end", "offset", "known"], misfire: ["start", "end", "known"] };
      lines.push([kind, ...order[kind].map((name) => Math.round(times[name] * RATE))].join(" "));
    }
  }
}

(async () => {
  while (at < tokens.length) {
    const command = tokens[at++];
    await { resample, stream }[command]();
    lines.push("done");
  }
  process.stdout.write(`${lines.join("\n")}\n`);
})();
