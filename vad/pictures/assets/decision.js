// The decision rule of vad/decision for a whole recording that is there at once, step by step the same: Gate is
// gate.py, Pauses is pause.py, Machine is machine.py. A test in a browser holds the result equal to Python's on random
// posteriors and rules. Change both or neither.
"use strict";

const vadDecision = (() => {
  const SMOOTHING_S = 0.1;

  // The frames in which speech is entered and left, alternately.
  function gate(posteriors, rule, hangover) {
    // Posteriors are float32, and so are the thresholds they are compared with.
    const onset = Math.fround(rule.onset_threshold);
    const offset = Math.fround(rule.offset_threshold);
    const changes = [];
    let speech = false;
    let below = 0;
    for (let t = 0; t < posteriors.length; t++) {
      below = posteriors[t] < offset ? below + 1 : 0;
      if (!speech && posteriors[t] >= onset) changes.push([t, (speech = true)]);
      else if (speech && below > hangover) changes.push([t, (speech = false)]);
    }
    return changes;
  }

  class Pauses {
    constructor(posteriors, limit, reach) {
      this.posteriors = posteriors;
      this.limit = limit;
      this.reach = Math.min(reach, Math.floor(limit / 8));
      this.gaps = [];
    }

    // Where the stretch that begins at `start` is cut: its end, and the start of what follows.
    cut(start) {
      const low = start + this.limit - Math.floor(this.limit / 2);
      const high = start + this.limit - this.reach + 1;
      const sums = [0];
      for (let t = low - this.reach; t < Math.min(high + this.reach, this.posteriors.length); t++) {
        sums.push(sums[sums.length - 1] + this.posteriors[t]);
      }
      const width = 2 * this.reach + 1;
      const means = [];
      for (let k = width; k < sums.length; k++) means.push((sums[k] - sums[k - width]) / width);
      const lowest = means.reduce((a, b) => Math.min(a, b));
      const frame = low + middle(means.map((mean) => mean <= lowest + 1e-6));
      let stop = frame;
      let following = frame + 1;
      for (const [left, entered] of this.gaps) {
        if (left < frame && frame <= entered) stop = left;
        if (left <= following && following < entered) following = entered;
      }
      this.gaps = this.gaps.filter(([left]) => left >= following);
      return [stop, following];
    }
  }

  // Middle of the longest run of true, of the last of equals.
  function middle(flags) {
    let best = [0, 0];
    for (let start = 0; start < flags.length; start++) {
      if (!flags[start]) continue;
      let stop = start;
      while (flags[stop]) stop++;
      if (stop - start >= best[1] - best[0]) best = [start, stop];
      start = stop;
    }
    return Math.floor((best[0] + best[1] - 1) / 2);
  }

  class Machine {
    constructor(posteriors, rule, grid) {
      const samples = (seconds) => Math.floor(seconds * grid.sample_rate + 0.5);
      const frames = (seconds) => Math.ceil(samples(seconds) / grid.hop_length);
      this.grid = grid;
      this.changes = gate(posteriors, rule, frames(rule.hangover_s));
      this.minSpeech = Math.max(1, frames(rule.min_speech_s));
      this.minSilence = Math.max(1, frames(rule.min_silence_s));
      this.padStart = samples(rule.pad_start_s);
      this.padEnd = samples(rule.pad_end_s);
      this.mergeGap = samples(rule.merge_gap_s);
      this.pauses = null;
      if (rule.max_speech_s !== null) {
        this.longest = samples(rule.max_speech_s) - grid.win_length;
        const limit = Math.floor((this.longest - this.padStart - this.padEnd) / grid.hop_length);
        this.pauses = new Pauses(posteriors, limit, frames(SMOOTHING_S));
      }
      Object.assign(this, { n: 0, start: null, stop: null, entered: 0, kept: false, told: null, pending: null });
      this.found = [];
      this.schedule();
    }

    run(nFrames, nSamples) {
      for (const [frame, enters] of this.changes) {
        this.elapse(frame);
        if (enters) this.enter(frame);
        else this.stop = frame;
        this.schedule();
      }
      this.elapse(nFrames);
      if (this.start !== null) this.close(this.stop === null ? this.n : this.stop, nSamples);
      if (this.pending) {
        this.pending[1] = Math.min(this.pending[1], nSamples);
        this.end();
      }
      return this.found;
    }

    boundary(t) {
      return this.grid.hop_length * t + (this.grid.win_length - this.grid.hop_length) / 2;
    }

    onset(frame) {
      return frame === 0 ? 0 : this.boundary(frame);
    }

    paddedStart(frame) {
      return Math.max(0, this.onset(frame) - this.padStart);
    }

    framesPast(sample) {
      return Math.floor((sample - this.boundary(0)) / this.grid.hop_length) + 1;
    }

    elapse(n) {
      while (this.due <= n) {
        this.n = Math.max(this.n, this.due);
        this.act();
        this.schedule();
      }
      this.n = n;
    }

    schedule() {
      this.due = Infinity;
      this.act = this.end;
      if (this.start === null) {
        if (this.pending) this.due = Math.max(this.n, this.framesPast(this.pending[1] + this.mergeGap + this.padStart));
      } else if (this.stop !== null) {
        this.due = this.stop + this.minSilence;
        this.act = () => this.close(this.stop, null);
      } else if (!this.kept) {
        this.due = Math.max(this.start + this.minSpeech, this.entered + 1);
        this.act = this.keep;
      } else if (this.pauses) {
        this.due = this.start + this.pauses.limit + 1;
        this.act = this.cut;
        if (this.pending) {
          const tooLong = this.framesPast(this.pending[0] + this.longest - this.padEnd);
          if (tooLong <= this.due) {
            this.due = tooLong;
            this.act = this.part;
          }
        }
        this.due = Math.max(this.due, this.entered + 1);
      }
    }

    enter(frame) {
      if (this.start === null) Object.assign(this, { start: frame, kept: false, told: null });
      else if (this.pauses && this.stop !== null) this.pauses.gaps.push([this.stop, frame]);
      this.stop = null;
      this.entered = frame;
    }

    keep() {
      this.kept = true;
      if (!this.pending && this.start !== null) this.tell(this.start, 0);
    }

    tell(first, notBefore) {
      this.told = Math.max(notBefore, this.paddedStart(first));
    }

    end() {
      if (this.pending) this.found.push([this.pending[0], this.pending[1]]);
      this.pending = null;
    }

    // `pending` is [start, end, end without the pad] in samples.
    close(stop, nSamples) {
      const offset = nSamples !== null && stop === this.n ? nSamples : this.boundary(stop);
      if (this.kept) {
        const start = this.told === null ? this.paddedStart(this.start) : this.told;
        this.pending = [this.pending ? this.pending[0] : start, offset + this.padEnd, offset];
      }
      this.start = this.stop = this.told = null;
    }

    part() {
      if (!this.pending || this.start === null) return;
      let notBefore = 0;
      if (this.paddedStart(this.start) <= this.pending[1]) {
        const half = Math.floor((this.onset(this.start) - this.pending[2] - this.grid.hop_length) / 2);
        this.pending[1] = Math.min(this.pending[1], this.pending[2] + half);
        notBefore = this.onset(this.start) - half;
      }
      this.end();
      this.tell(this.start, notBefore);
    }

    cut() {
      const [stop, following] = this.pauses.cut(this.start);
      this.close(stop, null);
      this.start = following;
      this.kept = true;
      this.part();
    }
  }

  // As vad.segments.Timeline: what overlaps or touches is one.
  function merged(spans) {
    const whole = [];
    for (const [start, end] of spans) {
      const last = whole[whole.length - 1];
      if (last && start <= last[1]) last[1] = Math.max(last[1], end);
      else whole.push([start, end]);
    }
    return whole;
  }

  // Returns [start, end) in samples of the grid's rate, sorted and disjoint.
  function decide(posteriors, rule, grid, nSamples) {
    return merged(new Machine(posteriors, rule, grid).run(posteriors.length, nSamples));
  }

  // What of `these` is not in `those`; both are sorted and disjoint.
  function difference(these, those) {
    const left = [];
    let k = 0;
    for (const [start, end] of these) {
      let from = start;
      while (k < those.length && those[k][1] <= start) k++;
      for (let j = k; j < those.length && those[j][0] < end; j++) {
        if (those[j][0] > from) left.push([from, those[j][0]]);
        from = Math.max(from, those[j][1]);
      }
      if (from < end) left.push([from, end]);
    }
    return left;
  }

  return { decide, difference };
})();
