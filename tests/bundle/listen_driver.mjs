// Two clicks on "Listen" before the browser has given the microphone; test_serve.py reads what was asked for and freed.
const asked = { microphones: 0, closed: 0 };

globalThis.Worker = class {
  postMessage({ type }) {
    const answer = { open: "opened", flush: "flushed" }[type];
    if (answer) setTimeout(() => this.onmessage({ data: { type: answer } }));
  }
};
const node = { port: { postMessage() {} }, connect: () => node };
globalThis.AudioWorkletNode = class {
  constructor() {
    return node;
  }
};
globalThis.AudioContext = class {
  audioWorklet = { addModule: async () => {} };
  createMediaStreamSource = () => node;
  resume = async () => {};
  close = async () => asked.closed++;
};
const getUserMedia = async () => {
  asked.microphones++;
  return { getTracks: () => [] };
};
Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true });

const { Vad } = await import(process.argv[2]);
const vad = new Vad({});
await Promise.all([vad.listen(), vad.listen()]);
await vad.listen();
await vad.stop();
console.log(`${asked.microphones} ${asked.closed}`);
process.exit(0);
