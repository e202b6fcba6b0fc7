// The microphone's samples, from the audio thread to the worker: mixed to one channel, 20 ms at a time.
class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.round(sampleRate / 50));
    this.filled = 0;
    this.target = null;
    this.port.onmessage = ({ data }) => {
      this.target = data.port;
    };
  }

  process([channels]) {
    if (!this.target || channels.length === 0) return true;
    for (let k = 0; k < channels[0].length; k++) {
      let sum = 0;
      for (const channel of channels) sum += channel[k];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === this.block.length) {
        this.target.postMessage(this.block);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("vad-capture", Capture);
