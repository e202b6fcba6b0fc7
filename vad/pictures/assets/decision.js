// The decision rule of vad/decision, online: Pauses is pause.py, Decision is gate.py and machine.py, function by function.
// Shared vectors hold its events equal to Python's. The bundle of `vad export` carries this file too. Change all or none.
"use strict";

const vadDecision = (() => {
  const SMOOTHING_S = 0.1;
  const CONFIRM_WITHIN_S = 10; // so long a stretch may wait for a posterior of confirm_threshold

  // The posteriors and the filled gaps of the stretch at hand, among which the deepest pause is looked for.
  class Pauses {
    constructor(limit, reach, late) {
      this.limit = limit;
      this.reach = Math.min(reach, Math.floor(limit / 8));
      // A cut is decided at the latest when the gap that holds its limit is filled, or the stretch confirmed: `late`
      // frames after it.
      this.heard = new Float32Array(Math.floor(limit / 2) + late + 2 * this.reach + 8);
      this.gaps = [];
    }

    hear(value, frame) {
      this.heard[frame % this.heard.length] = value;
    }

    earliestCut(start) {
      return start + this.limit - Math.floor(this.limit / 2);
    }

    // Where the stretch that begins at `start` is cut: its end, and the start of what follows.
    cut(start) {
      const low = this.earliestCut(start);
      const high = start + this.limit - this.reach + 1;
      const sums = [0];
      for (let t = low - this.reach; t < high + this.reach; t++) {
        sums.push(sums[sums.length - 1] + this.heard[t % this.heard.length]);
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

  // Posteriors in, events out: {kind: "start", start, onset, known}, {kind: "end", start, end, offset, known} and
  // {kind: "misfire", start, end, known}, in samples, `known` in frames heard.
  class Decision {
    constructor(rule, grid) {
      const samples = (seconds) => Math.floor(seconds * grid.sample_rate + 0.5);
      const frames = (seconds) => Math.ceil(samples(seconds) / grid.hop_length);
      this.grid = grid;
      // Posteriors are float32, and so are the thresholds they are compared with.
      this.onsetThreshold = Math.fround(rule.onset_threshold);
      this.offsetThreshold = Math.fround(rule.offset_threshold);
      // Absent from what was made before it: as null, no further condition.
      this.confirms = (rule.confirm_threshold ?? null) !== null;
      this.confirmThreshold = this.confirms ? Math.fround(rule.confirm_threshold) : 0;
      this.patience = frames(CONFIRM_WITHIN_S);
      this.hangover = frames(rule.hangover_s);
      this.minSpeech = Math.max(1, frames(rule.min_speech_s));
      this.minSilence = Math.max(1, frames(rule.min_silence_s));
      this.padStart = samples(rule.pad_start_s);
      this.padEnd = samples(rule.pad_end_s);
      this.mergeGap = samples(rule.merge_gap_s);
      this.pauses = null;
      if (rule.max_speech_s !== null) {
        // The first and the last frame of a recording own up to a window more than their hop.
        this.longest = samples(rule.max_speech_s) - grid.win_length;
        const limit = Math.floor((this.longest - this.padStart - this.padEnd) / grid.hop_length);
        const late = this.confirms ? Math.max(this.minSilence, this.patience) : this.minSilence;
        this.pauses = new Pauses(limit, frames(SMOOTHING_S), late);
      }
      this.reset();
    }

    reset() {
      Object.assign(this, { speech: false, below: 0, n: 0, start: null, stop: null, entered: 0 });
      Object.assign(this, { confirmed: false, kept: false, told: null, pending: null, events: [] });
      if (this.pauses) this.pauses.gaps = [];
      this.schedule();
    }

    // Takes the next posteriors and returns all that they make certain, in order.
    push(posteriors) {
      if (!posteriors.every(Number.isFinite)) throw new RangeError("a posterior is not finite");
      for (const posterior of posteriors) this.pushOne(posterior);
      return this.takeEvents();
    }

    // Ends the recording, returns what this makes certain, and is ready for the next one.
    finish(nSamples) {
      const { win_length: win, hop_length: hop } = this.grid;
      const wanted = Math.max(0, 1 + Math.floor((nSamples - win) / hop));
      if (wanted !== this.n) throw new RangeError(`${nSamples} samples have ${wanted} frames; received ${this.n}`);
      if (this.start !== null) this.close(this.stop === null ? this.n : this.stop, nSamples);
      if (this.pending) {
        this.pending.end = Math.min(this.pending.end, nSamples);
        this.end();
      }
      const events = this.takeEvents();
      this.reset();
      return events;
    }

    pushOne(posterior) {
      const frame = this.n;
      if (this.pauses) this.pauses.hear(posterior, frame);
      this.below = posterior < this.offsetThreshold ? this.below + 1 : 0;
      const enters = !this.speech && posterior >= this.onsetThreshold;
      const leaves = this.speech && this.below > this.hangover;
      if (enters || leaves) {
        this.speech = enters;
        this.elapse(frame);
        if (enters) this.enter(frame);
        else this.stop = frame;
        this.schedule();
      }
      if (this.speech && !this.confirmed && posterior >= this.confirmThreshold) {
        this.confirmed = true;
        this.entered = frame;
        this.schedule();
      }
      this.elapse(frame + 1);
    }

    takeEvents() {
      const events = this.events;
      this.events = [];
      return events;
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

    // Least frame in which speech begins too late to extend a segment that ends, padded, at the sample `end`.
    firstApart(end) {
      return this.framesPast(end + this.mergeGap + this.padStart);
    }

    elapse(n) {
      while (this.due <= n) {
        this.n = Math.max(this.n, this.due);
        this.act();
        this.schedule();
      }
      this.n = n;
    }

    // What happens next, and after how many frames, if speech is neither entered nor left before.
    schedule() {
      this.due = Infinity;
      this.act = this.end;
      if (this.start === null) {
        if (this.pending) this.due = Math.max(this.n, this.firstApart(this.pending.end));
      } else if (this.stop !== null) {
        this.due = this.stop + this.minSilence;
        if (!this.confirmed) this.due = Math.min(this.due, this.start + this.patience + 1);
        this.act = () => this.close(this.stop, null);
      } else if (!this.confirmed) {
        this.due = this.start + this.patience + 1;
        this.act = this.giveUp;
      } else if (!this.kept) {
        this.due = Math.max(this.start + this.minSpeech, this.entered + 1);
        this.act = this.keep;
      } else if (this.pauses) {
        this.due = this.start + this.pauses.limit + 1;
        this.act = this.cut;
        if (this.pending) {
          const tooLong = this.framesPast(this.pending.start + this.longest - this.padEnd);
          if (tooLong <= this.due) {
            this.due = tooLong;
            this.act = this.part;
          }
        }
        this.due = Math.max(this.due, this.entered + 1);
      }
    }

    enter(frame) {
      if (this.start === null) {
        Object.assign(this, { start: frame, confirmed: !this.confirms, kept: false, told: null });
        if (this.pauses) this.pauses.gaps = [];
      } else if (this.pauses && this.stop !== null && frame >= this.pauses.earliestCut(this.start)) {
        this.pauses.gaps.push([this.stop, frame]);
      }
      this.stop = null;
      this.entered = frame;
    }

    // The stretch has waited long enough to be confirmed: it is dropped, and another begins.
    giveUp() {
      const stop = this.start + this.patience;
      this.close(stop, null);
      if (this.pending && stop >= this.firstApart(this.pending.end)) this.end();
      this.enter(stop);
    }

    keep() {
      this.kept = true;
      if (!this.pending) this.tell(this.start, 0);
    }

    tell(first, notBefore) {
      this.told = Math.max(notBefore, this.paddedStart(first));
      this.events.push({ kind: "start", start: this.told, onset: this.onset(first), known: this.n });
    }

    end() {
      if (this.pending) this.events.push({ kind: "end", ...this.pending, known: this.n });
      this.pending = null;
    }

    close(stop, nSamples) {
      const offset = nSamples !== null && stop === this.n ? nSamples : this.boundary(stop);
      if (!this.kept) {
        this.events.push({ kind: "misfire", start: this.onset(this.start), end: offset, known: this.n });
      } else {
        const start = this.told === null ? this.paddedStart(this.start) : this.told;
        this.pending = { start: this.pending ? this.pending.start : start, end: offset + this.padEnd, offset };
      }
      this.start = this.stop = this.told = null;
    }

    part() {
      if (!this.pending || this.start === null) return;
      let notBefore = 0;
      if (this.paddedStart(this.start) <= this.pending.end) {
        // The pads share the room between them, and leave a frame so that no one takes the two for one.
        const half = Math.floor((this.onset(this.start) - this.pending.offset - this.grid.hop_length) / 2);
        this.pending.end = Math.min(this.pending.end, this.pending.offset + half);
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

  // Returns [start, end) in samples of the grid's rate, sorted and disjoint, of a whole recording.
  function decide(posteriors, rule, grid, nSamples) {
    const machine = new Decision(rule, grid);
    const events = [...machine.push(posteriors), ...machine.finish(nSamples)];
    return merged(events.filter(({ kind }) => kind === "end").map(({ start, end }) => [start, end]));
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

  return { Decision, decide, difference };
})();
