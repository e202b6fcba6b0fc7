// Speech activity detection in a page:
//
//   import { Vad } from "./vad.js";
//   const vad = await Vad.load({
//     onStart: ({ start }) => console.log("speech since", start),
//     onEnd: ({ start, end }) => console.log("speech from", start, "to", end),
//   });
//   button.onclick = () => vad.listen(); // asks for the microphone
//
// Times are seconds from where listening began. All work is done in a worker and on the audio thread.

const FOLDER = new URL(".", import.meta.url);
const SLICE_S = 1; // a file is handed over in pieces, so that its results show as they come

export class Vad {
  // Callbacks: onStart, onEnd, onMisfire (an event), onOutput ({firstFrame, posteriors, events, samples}), onError.
  static async load(callbacks = {}) {
    const vad = new Vad(callbacks);
    await vad.ready;
    return vad;
  }

  constructor(callbacks) {
    this.callbacks = callbacks;
    this.metadata = null; // vad.json
    this.microphone = null;
    this.starting = null; // what waits for the microphone
    this.worker = new Worker(new URL("worker.js", FOLDER));
    this.waiting = new Map();
    this.ready = this.once("ready").then(({ metadata }) => {
      this.metadata = metadata;
    });
    this.worker.onmessage = ({ data }) => this.take(data);
    this.worker.onerror = (event) => this.take({ type: "error", message: event.message });
  }

  get isListening() {
    return this.microphone !== null;
  }

  // Listens to the microphone until `stop`. Must be called from a click, or browsers refuse the sound.
  // Nothing happens when it listens already, or waits to be allowed to.
  async listen(rule) {
    this.starting ??= this.begin(rule).finally(() => {
      this.starting = null;
    });
    return this.starting;
  }

  async begin(rule) {
    if (this.isListening) return;
    // The model was trained on sound as it comes; the browser's own cleaning would only blur it.
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const media = await navigator.mediaDevices.getUserMedia({ audio });
    const context = new AudioContext();
    this.microphone = { media, context };
    try {
      await this.connect(media, context, rule);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  async connect(media, context, rule) {
    await context.audioWorklet.addModule(new URL("capture.js", FOLDER));
    await this.open(context.sampleRate, rule);
    const node = new AudioWorkletNode(context, "vad-capture");
    const { port1, port2 } = new MessageChannel();
    this.worker.postMessage({ type: "port", port: port1 }, [port1]);
    node.port.postMessage({ port: port2 }, [port2]);
    // Its output is silence; without a way to the speakers it would not be run.
    context.createMediaStreamSource(media).connect(node).connect(context.destination);
    await context.resume();
  }

  // Ends what `listen` began, and tells of the speech that was still open.
  async stop() {
    if (!this.microphone) return;
    await this.release();
    await this.flush();
  }

  async release() {
    const { media, context } = this.microphone;
    this.microphone = null;
    for (const track of media.getTracks()) track.stop();
    await context.close();
  }

  // Runs over a whole recording: a File, a Blob or an ArrayBuffer of anything that the browser can play.
  async detect(file, rule) {
    const bytes = file instanceof ArrayBuffer ? file : await file.arrayBuffer();
    const rate = this.metadata.features.sample_rate;
    const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
    await this.detectSamples(mixed(sound), rate, rule);
  }

  // The same for mono samples with full scale at ±1.
  async detectSamples(samples, sampleRate, rule) {
    await this.open(sampleRate, rule);
    const size = Math.round(SLICE_S * sampleRate);
    for (let from = 0; from < samples.length; from += size) {
      this.worker.postMessage({ type: "samples", samples: samples.slice(from, from + size) });
    }
    await this.flush();
  }

  async open(sampleRate, rule) {
    const opened = this.once("opened");
    this.worker.postMessage({ type: "open", sampleRate, rule });
    await opened;
  }

  async flush() {
    const flushed = this.once("flushed");
    this.worker.postMessage({ type: "flush" });
    await flushed;
  }

  once(type) {
    return new Promise((resolve, reject) => this.waiting.set(type, { resolve, reject }));
  }

  take(message) {
    const waiting = this.waiting.get(message.type);
    this.waiting.delete(message.type);
    if (waiting) waiting.resolve(message);
    if (message.type === "output") this.tell(message);
    if (message.type === "error") {
      for (const { reject } of this.waiting.values()) reject(new Error(message.message));
      this.waiting.clear();
      this.callbacks.onError?.(new Error(message.message));
    }
  }

  tell(output) {
    this.callbacks.onOutput?.(output);
    const names = { start: "onStart", end: "onEnd", misfire: "onMisfire" };
    for (const event of output.events) this.callbacks[names[event.kind]]?.(event);
  }
}

function mixed(sound) {
  const samples = sound.getChannelData(0).slice();
  for (let channel = 1; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((value, k) => (samples[k] += value));
  }
  return sound.numberOfChannels > 1 ? samples.map((value) => value / sound.numberOfChannels) : samples;
}
