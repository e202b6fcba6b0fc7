// A model that fails in the midst of a recording, and serves the next one. Argument: the folder of the port.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const files = ["resample.js", "decision.js", "stream.js"].map((name) => fs.readFileSync(path.join(process.argv[2], name), "utf8"));
const { Stream } = Function(`${files.join("\n")}\nreturn vadStream;`)();
const SECOND = new Float32Array(16000);

// Counts the states that it made and was not given back.
class Broken {
  constructor() {
    Object.assign(this, { fails: true, states: 0 });
  }

  newState() {
    this.states++;
    return {};
  }

  free() {
    this.states--;
  }

  async run(signature, audio, state) {
    const posteriors = new Float32Array(Number(signature.slice("audio_".length))).fill(this.fails ? 0.9 : 0.1);
    if (this.fails && audio[0] > 0) posteriors[0] = NaN;
    return { posteriors, state };
  }
}

(async () => {
  const model = new Broken();
  const rule = { onset_threshold: 0.5, offset_threshold: 0.35, hangover_s: 0, min_speech_s: 0.1, min_silence_s: 0.1,
    pad_start_s: 0, pad_end_s: 0, merge_gap_s: 0, max_speech_s: null, confirm_threshold: null };
  const features = { sample_rate: 16000, win_length: 512, hop_length: 160 };
  const metadata = { features, lookahead_frames: 4, signatures: { audio_1: 1 }, decision: rule };
  const stream = new Stream(model, metadata, 16000);
  const tell = async (name, work) => {
    const said = await work().then(({ events }) => events.map(({ kind }) => kind).join(" "), () => "error");
    console.log(`${name} ${said}`.trim());
  };
  await tell("push", () => stream.push(SECOND));
  await tell("push", () => stream.push(SECOND.map(() => 1)));
  await tell("flush", () => stream.flush());
  model.fails = false;
  await tell("push", () => stream.push(SECOND));
  await tell("flush", () => stream.flush());
  console.log(`states ${model.states}`);
})();
