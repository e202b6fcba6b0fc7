// Per-channel energy normalisation, vad/explain/pcen.py in float64, function by function; tests hold the two equal.
"use strict";

const vadPcen = (() => {
  // 1 - s, to the float32 that the model holds it in.
  const restOf = (share) => share.map((s) => Math.fround(1 - s));

  // Runs over frames (steps × bands); returns what the first layer sees, and the running means after each step.
  function run({ share, beside_frames }, frames, steps, before) {
    const bands = share.length;
    const rest = restOf(share);
    const shift = beside_frames ? bands : 0;
    const wide = shift + bands;
    const inputs = new Float64Array(steps * wide);
    const means = new Float64Array(steps * bands);
    for (let t = 0; t < steps; t++) {
      if (shift) inputs.set(frames.subarray(t * bands, (t + 1) * bands), t * wide);
      for (let b = 0; b < bands; b++) {
        const at = t * bands + b;
        const power = Math.exp(frames[at]);
        means[at] = rest[b] * (t ? means[at - bands] : before[b]) + share[b] * power;
        inputs[t * wide + shift + b] = Math.log1p(power / means[at]);
      }
    }
    return { inputs, means };
  }

  // Derivatives by the frames of some steps, given those by what the first layer saw of them.
  function back({ share, beside_frames }, frames, means, byInputs, first, steps) {
    const bands = share.length;
    const rest = restOf(share);
    const shift = beside_frames ? bands : 0;
    const wide = shift + bands;
    const byFrames = new Float64Array(steps * bands);
    for (let b = 0; b < bands; b++) {
      let byMean = 0;
      for (let s = steps - 1; s >= 0; s--) {
        const at = (first + s) * bands + b;
        const power = Math.exp(frames[at]);
        const byChange = (byInputs[s * wide + shift + b] * power) / (means[at] + power);
        byMean = byMean * rest[b] - byChange / means[at];
        byFrames[s * bands + b] = byChange + byMean * share[b] * power + (shift ? byInputs[s * wide + b] : 0);
      }
    }
    return byFrames;
  }

  return { back, run };
})();
