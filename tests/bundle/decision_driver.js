// Reads cases from standard input and prints their events; see conftest.py.
"use strict";

const fs = require("node:fs");

const load = (path) => new Function(`${fs.readFileSync(path, "utf8")}\nreturn vadDecision;`)();
const { Decision } = load(process.argv[2]);
const tokens = fs.readFileSync(0, "utf8").split(/\s+/).filter(Boolean);
let at = 0;
const next = () => Number(tokens[at++]);
const NAMES = ["onset_threshold", "offset_threshold", "hangover_s", "min_speech_s", "min_silence_s",
  "pad_start_s", "pad_end_s", "merge_gap_s", "max_speech_s", "confirm_threshold"];

const grid = { sample_rate: next(), win_length: next(), hop_length: next() };
const lines = [];
while (at < tokens.length) {
  const rule = Object.fromEntries(NAMES.map((name) => [name, next()]));
  for (const name of ["max_speech_s", "confirm_threshold"]) if (rule[name] === 0) rule[name] = null;
  const nSamples = next();
  const posteriors = new Float32Array(Uint32Array.from({ length: next() }, next).buffer);
  const decision = new Decision(rule, grid);
  const events = [];
  for (let from = 0; from < posteriors.length; from += 37) events.push(...decision.push(posteriors.subarray(from, from + 37)));
  events.push(...decision.finish(nSamples));
  for (const { kind, start, onset, end, offset, known } of events) {
    const numbers = { start: [start, onset, known], end: [start, end, offset, known], misfire: [start, end, known] };
    lines.push([kind, ...numbers[kind]].join(" "));
  }
  lines.push("done");
}
process.stdout.write(`${lines.join("\n")}\n`);
