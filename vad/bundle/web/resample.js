// Any rate to the model's: a windowed sinc in as many phases as the two rates need, as vad_resampler in vad.c.
"use strict";

const vadResample = (() => {
  const ZERO_CROSSINGS = 32;
  const ROLLOFF = 0.945;
  const KAISER_BETA = 8.6;

  const greatestDivisor = (a, b) => (b === 0 ? a : greatestDivisor(b, a % b));

  function besselI0(x) {
    let sum = 1;
    let term = 1;
    for (let k = 1; k < 50; k++) {
      term *= (x / (2 * k)) ** 2;
      sum += term;
    }
    return sum;
  }

  function kernel(x, half, cutoff) {
    if (Math.abs(x) >= half) return 0;
    const angle = Math.PI * 2 * cutoff * x;
    const sinc = Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle;
    return sinc * besselI0(KAISER_BETA * Math.sqrt(1 - (x / half) ** 2));
  }

  class Resampler {
    constructor(sourceRate, targetRate) {
      for (const rate of [sourceRate, targetRate]) {
        if (!(rate >= 8000 && rate <= 192000 && rate % 25 === 0)) {
          throw new RangeError(`a sample rate must be a multiple of 25 Hz from 8000 to 192000; received ${rate}`);
        }
      }
      const divisor = greatestDivisor(sourceRate, targetRate);
      this.phases = targetRate / divisor; // output k lies at input k * step / phases
      this.step = sourceRate / divisor;
      const narrowing = Math.min(1, targetRate / sourceRate);
      this.half = Math.ceil(ZERO_CROSSINGS / narrowing);
      this.table = this.step === this.phases ? null : this.makeTable(0.5 * narrowing * ROLLOFF);
      this.reset();
    }

    makeTable(cutoff) {
      const taps = 2 * this.half;
      const table = new Float32Array(this.phases * taps);
      for (let phase = 0; phase < this.phases; phase++) {
        // Tap k is the input sample floor(position) - half + 1 + k.
        const row = Array.from({ length: taps }, (_, k) => kernel(k - this.half + 1 - phase / this.phases, this.half, cutoff));
        const sum = row.reduce((a, b) => a + b);
        table.set(row.map((value) => value / sum), phase * taps);
      }
      return table;
    }

    reset() {
      // Every sample stands twice, so that any window is in one piece.
      this.ring = new Float32Array(4 * this.half);
      this.nIn = 0;
      this.nOut = 0;
    }

    push(samples) {
      if (this.table === null) return samples;
      const out = [];
      for (const sample of samples) this.take(sample, Infinity, out);
      return Float32Array.from(out);
    }

    flush() {
      const out = [];
      if (this.table !== null) {
        // As many samples as the length at the new rate, halves rounded up.
        const total = Math.floor((2 * this.nIn * this.phases + this.step) / (2 * this.step));
        for (let k = 0; k <= this.half; k++) this.take(0, total, out);
      }
      this.reset();
      return Float32Array.from(out);
    }

    take(sample, last, out) {
      const taps = 2 * this.half;
      const at = this.nIn % taps;
      this.ring[at] = this.ring[at + taps] = sample;
      this.nIn++;
      for (;;) {
        const position = this.nOut * this.step;
        const base = Math.floor(position / this.phases);
        if (this.nOut >= last || base + this.half >= this.nIn) return;
        const row = (position % this.phases) * taps;
        const from = (base + this.half + 1) % taps;
        let sum = 0;
        for (let k = 0; k < taps; k++) sum += this.table[row + k] * this.ring[from + k];
        out.push(sum);
        this.nOut++;
      }
    }
  }

  return { Resampler };
})();
