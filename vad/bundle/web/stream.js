// One recording as it comes in: samples of any rate, in chunks of any size; posteriors and events come out.
"use strict";

const vadStream = (() => {
  const joined = (a, b) => {
    const both = new Float32Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  };

  // `model.run(signature, audio, state)` resolves to {posteriors, state}, `model.free(state)` lets go of a state;
  // `metadata` is vad.json. After an error `flush` or `restart` makes the stream ready for the next recording.
  class Stream {
    constructor(model, metadata, sourceRate, rule = metadata.decision) {
      const { sample_rate, win_length, hop_length } = metadata.features;
      this.model = model;
      this.grid = { sample_rate, win_length, hop_length };
      this.lookahead = metadata.lookahead_frames;
      // The largest call that fits is taken: one frame live, many when there is something to catch up with.
      this.signatures = Object.entries(metadata.signatures).sort((a, b) => b[1] - a[1]);
      this.resampler = new vadResample.Resampler(sourceRate, sample_rate);
      this.decision = new vadDecision.Decision(rule, this.grid);
      this.state = null; // made for the first frame, and freed with the recording: it lies outside JavaScript's memory
      this.restart();
    }

    // Forgets the recording.
    restart() {
      if (this.state) this.model.free(this.state);
      this.state = null;
      this.resampler.reset();
      this.decision.reset();
      this.rest = new Float32Array(0); // samples that later frames see
      this.toSkip = this.lookahead; // outputs that belong to frames before the first
      this.nSamples = 0;
      this.nFrames = 0;
    }

    async push(chunk) {
      const samples = this.resampler.push(chunk);
      const posteriors = await this.advance(samples);
      this.nSamples += samples.length;
      return this.output(posteriors, this.decision.push(posteriors), samples);
    }

    // Ends the recording, tells what was held back, and is ready for the next one.
    async flush() {
      try {
        const samples = this.resampler.flush();
        // The last frames' posteriors come out only once the network has seen that many frames more.
        const silence = new Float32Array(this.lookahead * this.grid.hop_length);
        const posteriors = await this.advance(joined(samples, silence));
        this.nSamples += samples.length;
        const events = [...this.decision.push(posteriors), ...this.decision.finish(this.nSamples)];
        return this.output(posteriors, events, samples);
      } finally {
        this.restart();
      }
    }

    async advance(samples) {
      const { win_length: win, hop_length: hop } = this.grid;
      const held = joined(this.rest, samples);
      const nFrames = Math.max(0, 1 + Math.floor((held.length - win) / hop));
      const posteriors = new Float32Array(nFrames);
      let done = 0;
      for (const [signature, frames] of this.signatures) {
        for (; nFrames - done >= frames; done += frames) {
          const audio = held.slice(done * hop, done * hop + win + (frames - 1) * hop);
          this.state ??= this.model.newState();
          const result = await this.model.run(signature, audio, this.state);
          posteriors.set(result.posteriors, done);
          this.state = result.state;
        }
      }
      this.rest = held.slice(nFrames * hop);
      const skipped = Math.min(this.toSkip, nFrames);
      this.toSkip -= skipped;
      return posteriors.subarray(skipped);
    }

    // Times in seconds; `known` is when the last sample came that an event needed.
    output(posteriors, events, samples) {
      const { sample_rate: rate, win_length: win, hop_length: hop } = this.grid;
      const firstFrame = this.nFrames;
      this.nFrames += posteriors.length;
      const inSeconds = ({ kind, known, ...times }) => {
        const heard = Math.min(win + hop * (known + this.lookahead - 1), this.nSamples);
        const seconds = Object.entries({ ...times, known: heard }).map(([name, sample]) => [name, sample / rate]);
        return { kind, ...Object.fromEntries(seconds) };
      };
      return { firstFrame, posteriors, events: events.map(inSeconds), samples };
    }
  }

  return { Stream };
})();
