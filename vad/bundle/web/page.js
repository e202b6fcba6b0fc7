// The demonstration page: what vad.js tells, drawn as it comes.
import { Vad } from "./vad.js";
import { Track, draw } from "./draw.js";

const LIVE_S = 10; // the live view
const KEPT_S = 300; // so much sound can be played back

const $ = (id) => document.getElementById(id);
const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

// What was found so far; also in reach of the console.
const session = { track: null, segments: [], posteriors: [], open: null, delays: [], status: "loading", sound: [], soundStart: 0 };
window.session = session;

let vad = null;
let drawAsked = false;
let player = null;

function begin(status) {
  const { sample_rate: rate, win_length: win, hop_length: hop } = vad.metadata.features;
  const { onset_threshold: onset, offset_threshold: offset } = vad.metadata.decision;
  Object.assign(session, { segments: [], posteriors: [], open: null, delays: [], sound: [], soundStart: 0 });
  session.track = new Track({ rate, win, hop, thresholds: [onset, offset] });
  $("list").replaceChildren();
  $("problem").hidden = true;
  show(status);
}

function show(status) {
  session.status = status;
  const busy = status === "listening" || status === "reading";
  const words = { ready: "Ready", listening: "Listening", reading: "Reading", done: "Done", failed: "Not running", loading: "Loading …" };
  $("state").textContent = session.open ? "Speech" : words[status];
  $("state").className = `pill ${session.open ? "speech" : ""} ${busy ? "listening" : ""}`;
  $("listen").textContent = status === "listening" ? "Stop" : "Listen";
  $("listen").classList.toggle("on", status === "listening");
  $("listen").disabled = status === "reading" || status === "loading";
  $("file").disabled = busy || status === "loading";
  $("open").setAttribute("aria-disabled", String($("file").disabled));
  $("save").disabled = busy || session.segments.length === 0;
  askDraw();
}

function onOutput({ posteriors, events, samples }) {
  session.track.push(samples, posteriors);
  session.posteriors.push(...posteriors);
  keepSound(samples);
  for (const event of events) {
    if (event.kind === "start") session.open = event;
    if (event.kind === "end") {
      session.open = null;
      session.segments.push({ start: event.start, end: event.end });
      addRow(event);
    }
    if (event.kind !== "misfire") session.delays.push(event.known - (event.offset ?? event.onset));
  }
  show(session.status);
}

function keepSound(samples) {
  session.sound.push(samples);
  let held = session.sound.reduce((sum, part) => sum + part.length, 0);
  while (held > KEPT_S * session.track.rate) {
    const gone = session.sound.shift().length;
    session.soundStart += gone;
    held -= gone;
  }
}

function addRow({ start, end }) {
  const row = document.createElement("tr");
  const play = document.createElement("button");
  play.textContent = "▶";
  play.setAttribute("aria-label", `Play the segment from ${clock(start)}`);
  play.onclick = () => playSegment(start, end);
  const cells = [play, clock(start), clock(end), `${(end - start).toFixed(2)} s`].map((content) => {
    const cell = document.createElement("td");
    cell.append(content);
    return cell;
  });
  row.append(...cells);
  $("list").prepend(row);
}

function playSegment(start, end) {
  const { rate } = session.track;
  const from = Math.round(start * rate) - session.soundStart;
  const length = Math.round((end - start) * rate);
  if (from < 0) return complain("This segment is too long ago: its sound is no longer kept.");
  const all = new Float32Array(session.sound.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of session.sound) {
    all.set(part, at);
    at += part.length;
  }
  player ??= new AudioContext();
  const buffer = player.createBuffer(1, Math.max(1, length), rate);
  buffer.copyToChannel(all.slice(from, from + length), 0);
  const source = player.createBufferSource();
  source.buffer = buffer;
  source.connect(player.destination);
  return source.start();
}

function askDraw() {
  if (drawAsked) return;
  drawAsked = true;
  requestAnimationFrame(() => {
    drawAsked = false;
    const { track, segments, open, delays, status } = session;
    if (!track) return;
    const live = status === "listening";
    const end = Math.max(track.seconds, LIVE_S);
    draw($("picture"), track, { start: live ? end - LIVE_S : 0, end }, segments, open);
    const speech = segments.reduce((sum, { start, end: stop }) => sum + stop - start, 0) + (open ? track.seconds - open.start : 0);
    $("clock").textContent = clock(track.seconds);
    $("count").textContent = segments.length + (open ? 1 : 0);
    $("share").textContent = track.seconds ? `${Math.round((100 * speech) / track.seconds)} %` : "–";
    $("delay").textContent = delays.length ? `${(delays.reduce((a, b) => a + b) / delays.length).toFixed(2)} s` : "–";
  });
}

function complain(message) {
  $("problem").textContent = message;
  $("problem").hidden = false;
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    const refused = error.name === "NotAllowedError" || error.name === "NotFoundError";
    const reasons = { NotAllowedError: "The microphone was refused: allow it in the browser's settings for this page.", NotFoundError: "No microphone was found." };
    complain(refused ? reasons[error.name] : error.name === "EncodingError" ? "This file holds no sound that the browser can read." : error.message);
    session.open = null;
    show(vad && vad.metadata ? "ready" : "failed");
  }
}

$("listen").onclick = () =>
  attempt(async () => {
    if (vad.isListening) {
      await vad.stop();
      return show("done");
    }
    begin("listening");
    return vad.listen();
  });

const open = (file) =>
  attempt(async () => {
    if (!file || $("file").disabled) return;
    begin("reading");
    await vad.detect(file);
    show("done");
  });

$("file").onchange = () => {
  const [file] = $("file").files;
  $("file").value = "";
  open(file);
};

// A recording may be dropped anywhere on the page.
const dropping = (event, on) => {
  event.preventDefault();
  document.body.classList.toggle("dropping", on && !$("file").disabled);
};
document.ondragover = (event) => dropping(event, true);
document.ondragleave = (event) => dropping(event, false);
document.ondrop = (event) => {
  dropping(event, false);
  open(event.dataTransfer.files[0]);
};

$("save").onclick = () => {
  const rows = session.segments.map(({ start, end }) => `${start.toFixed(6)},${end.toFixed(6)}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([["start,end", ...rows, ""].join("\n")], { type: "text/csv" }));
  link.download = "segments.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

window.addEventListener("resize", askDraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", askDraw);

attempt(async () => {
  vad = await Vad.load({ onOutput, onError: (error) => complain(error.message) });
  const { features, lookahead_frames: lookahead, license } = vad.metadata;
  const behind = (1000 * (features.win_length / 2 + lookahead * features.hop_length)) / features.sample_rate;
  $("about").textContent = `One decision every ${(1000 * features.hop_length) / features.sample_rate} ms, ${behind.toFixed(0)} ms behind the sound. Weights: ${license}. Runs in LiteRT.js (Apache-2.0).`;
  begin("ready");
  $("list").innerHTML = '<tr class="empty"><td colspan="4">Segments appear here as they end.</td></tr>';
});

// From the second visit on the page opens without a network.
if ("serviceWorker" in navigator) navigator.serviceWorker.register("offline.js");
