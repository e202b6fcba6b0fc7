// What was heard, at one point per hop, and how it is drawn.

const QUIET = 0.03; // sound of no more than this does not fill the height

// Numbers that grow in number.
class Growing {
  constructor() {
    this.values = new Float32Array(1024);
    this.length = 0;
  }

  push(value) {
    if (this.length === this.values.length) {
      const larger = new Float32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

export class Track {
  constructor({ rate, win, hop, thresholds }) {
    Object.assign(this, { rate, win, hop, thresholds });
    this.peaks = new Growing();
    this.posteriors = new Growing();
    this.peak = 0;
    this.loudest = 0;
    this.nSamples = 0;
  }

  get seconds() {
    return this.nSamples / this.rate;
  }

  push(samples, posteriors) {
    for (const sample of samples) {
      this.peak = Math.max(this.peak, Math.abs(sample));
      if (++this.nSamples % this.hop === 0) {
        this.peaks.push(this.peak);
        this.loudest = Math.max(this.loudest, this.peak);
        this.peak = 0;
      }
    }
    for (const posterior of posteriors) this.posteriors.push(posterior);
  }
}

// Draws the seconds [view.start, view.end) of a track: the sound above, the posterior below, speech behind both.
export function draw(canvas, track, view, segments, open) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = 20;
  const middle = Math.round((height - axis) * 0.52);
  const x = (seconds) => ((seconds - view.start) / (view.end - view.start)) * width;
  const rows = { wave: [8, middle - 6], curve: [middle + 8, height - axis - 4] };

  drawSpeech(pen, [...segments, ...(open ? [{ start: open.start, end: track.seconds }] : [])], x, height - axis, width, color);
  drawAxis(pen, view, x, height - axis, height, color);
  if (track.nSamples === 0) return drawHint(pen, width / 2, (height - axis) / 2, color);
  drawWave(pen, track, x, rows.wave, width, color);
  drawThresholds(pen, track, rows.curve, width, color);
  drawCurve(pen, track, x, rows.curve, width, color);
}

function drawHint(pen, x, y, color) {
  pen.fillStyle = color("muted");
  pen.font = "15px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.fillText("Press Listen, or open a recording.", x, y);
}

function drawSpeech(pen, segments, x, bottom, width, color) {
  for (const { start, end } of segments) {
    const left = Math.max(0, x(start));
    const right = Math.min(width, x(end));
    if (right <= left) continue;
    pen.fillStyle = color("shade");
    pen.fillRect(left, 0, right - left, bottom);
    pen.fillStyle = color("strong");
    pen.fillRect(left, bottom - 3, right - left, 3);
  }
}

function drawAxis(pen, view, x, top, bottom, color) {
  const step = [0.5, 1, 2, 5, 10, 30, 60, 300, 600].find((s) => (view.end - view.start) / s <= 10) ?? 1800;
  pen.fillStyle = color("muted");
  pen.strokeStyle = color("line");
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.beginPath();
  pen.moveTo(0, top + 0.5);
  pen.lineTo(x(view.end), top + 0.5);
  for (let t = Math.ceil(view.start / step) * step; t < view.end; t += step) {
    const at = x(t);
    pen.moveTo(at, top);
    pen.lineTo(at, top + 4);
    if (at > 12 && at < x(view.end) - 16) pen.fillText(`${Number(t.toFixed(1))} s`, at, bottom - 4);
  }
  pen.stroke();
}

function drawWave(pen, track, x, [top, bottom], width, color) {
  const middle = (top + bottom) / 2;
  // The loudest fills the height; quiet sound is seen too, loud sound stands out.
  const loudest = Math.max(QUIET, track.loudest);
  const height = (peak) => Math.max(0.5, (peak / loudest) ** 0.7 * (bottom - top) * 0.5);
  const seconds = track.hop / track.rate;
  pen.fillStyle = color("wave");
  const spacing = Math.max(1, Math.abs(x(seconds) - x(0)));
  const bar = spacing > 3 ? spacing - 1 : spacing;
  let column = -1;
  let peak = 0;
  for (let k = 0; k < track.peaks.length; k++) {
    const at = x(k * seconds);
    if (at < -spacing || at > width) continue;
    const pixel = Math.floor(at);
    peak = pixel === column ? Math.max(peak, track.peaks.values[k]) : track.peaks.values[k];
    column = pixel;
    const size = height(peak);
    pen.fillRect(at, middle - size, bar, 2 * size);
  }
}

function drawThresholds(pen, track, [top, bottom], width, color) {
  pen.strokeStyle = color("muted");
  pen.setLineDash([5, 5]);
  pen.lineWidth = 1;
  pen.beginPath();
  for (const threshold of track.thresholds) {
    const y = Math.round(bottom - threshold * (bottom - top)) + 0.5;
    pen.moveTo(0, y);
    pen.lineTo(width, y);
  }
  pen.stroke();
  pen.setLineDash([]);
}

function drawCurve(pen, track, x, [top, bottom], width, color) {
  pen.strokeStyle = color("strong");
  pen.lineWidth = 2;
  pen.lineJoin = "round";
  pen.beginPath();
  let drawn = false;
  for (let k = 0; k < track.posteriors.length; k++) {
    const at = x((k * track.hop + track.win / 2) / track.rate);
    if (at < -20 || at > width + 20) continue;
    const y = bottom - track.posteriors.values[k] * (bottom - top);
    if (drawn) pen.lineTo(at, y);
    else pen.moveTo(at, y);
    drawn = true;
  }
  pen.stroke();
}
