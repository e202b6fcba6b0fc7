// Drawing of the lanes onto canvases. Knows nothing of playback and pointers: `state` in, pixels out.
"use strict";

const vadDraw = (() => {
  // Magma at ninths (van der Walt and Smith): even in lightness, so that it stays readable in grey.
  const MAGMA = [[0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]];
  const COLOURS = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (MAGMA.length - 1);
    const k = Math.min(MAGMA.length - 2, Math.floor(place));
    const [r, g, b] = MAGMA[k].map((low, c) => Math.round(low + (place - k) * (MAGMA[k + 1][c] - low)));
    COLOURS[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // Fits the backing store to the screen's pixels; returns the context in CSS pixels and its size.
  function prepare(canvas, height) {
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    const width = canvas.clientWidth;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  }

  // Halved copies of the log-mel, so that a far view averages instead of picking columns.
  function pyramid(mel) {
    const levels = [mel];
    while (levels[levels.length - 1].columns > 1024) {
      const finer = levels[levels.length - 1];
      const columns = finer.columns >> 1;
      const data = new Uint8Array(columns * mel.bands);
      for (let c = 0; c < columns; c++)
        for (let b = 0; b < mel.bands; b++)
          data[c * mel.bands + b] = (finer.data[2 * c * mel.bands + b] + finer.data[(2 * c + 1) * mel.bands + b] + 1) >> 1;
      levels.push({ ...finer, columns, data, column_s: 2 * finer.column_s });
    }
    return levels;
  }

  const scratch = document.createElement("canvas");

  function drawMel(context, levels, view, box) {
    const width = Math.max(1, Math.round(box.width));
    const perPixel = (view.end - view.start) / width;
    let mel = levels[0];
    for (const level of levels) if (level.column_s <= 1.5 * perPixel) mel = level;
    scratch.width = width;
    scratch.height = mel.bands;
    const target = scratch.getContext("2d");
    const image = target.createImageData(width, mel.bands);
    const pixels = new Uint32Array(image.data.buffer);
    for (let x = 0; x < width; x++) {
      const column = Math.floor((view.start + (x + 0.5) * perPixel - mel.start_s) / mel.column_s);
      if (column < 0 || column >= mel.columns) continue;
      for (let b = 0; b < mel.bands; b++) pixels[(mel.bands - 1 - b) * width + x] = COLOURS[mel.data[column * mel.bands + b]];
    }
    target.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(scratch, box.x, box.y, box.width, box.height);
  }

  // Lowest and highest value of each pixel column, for the envelope of anything longer than the screen is wide.
  function drawEnvelope(context, lowest, highest, count, first_s, step_s, view, box, toY, fill) {
    const perPixel = (view.end - view.start) / box.width;
    context.fillStyle = fill;
    let above = null;
    for (let x = 0; x < box.width; x++) {
      const from = Math.max(0, Math.floor((view.start + x * perPixel - first_s) / step_s));
      const to = Math.min(count, Math.max(from + 1, Math.floor((view.start + (x + 1) * perPixel - first_s) / step_s)));
      if (from >= to) { above = null; continue; }
      let low = Infinity;
      let high = -Infinity;
      for (let i = from; i < to; i++) {
        if (lowest(i) < low) low = lowest(i);
        if (highest(i) > high) high = highest(i);
      }
      let top = toY(high);
      let bottom = toY(low);
      const own = [top, bottom];
      // Joined to its neighbour, so that a steep flank is a line and not a gap.
      if (above) { top = Math.min(top, above[1]); bottom = Math.max(bottom, above[0]); }
      above = own;
      context.fillRect(box.x + x, top, 1, Math.max(1.4, bottom - top));
    }
  }

  function drawPosterior(context, state, view, box) {
    const values = state.posteriors;
    const first = (state.grid.win_length - state.grid.hop_length) / 2 / state.grid.sample_rate;
    const step = state.grid.hop_length / state.grid.sample_rate;
    const toY = (value) => box.y + box.height - 2 - value * (box.height - 4);
    drawEnvelope(context, (i) => values[i], (i) => values[i], values.length, first, step, view, box, toY, colour("detected"));
    context.strokeStyle = colour("ink");
    context.fillStyle = colour("ink");
    context.font = "11px system-ui, sans-serif";
    const { onset_threshold: onset, offset_threshold: offset, confirm_threshold: confirm } = state.rule;
    for (const [name, value, dash] of [["onset", onset, [6, 4]], ["offset", offset, [1, 3]], ["confirm", confirm, [2, 6]]]) {
      if (value === null) continue;
      context.setLineDash(dash);
      context.beginPath();
      context.moveTo(box.x, Math.round(toY(value)) + 0.5);
      context.lineTo(box.x + box.width, Math.round(toY(value)) + 0.5);
      context.stroke();
      if (name !== "onset" && Math.abs(onset - value) < 0.14) continue;
      label(context, `${name} ${value.toFixed(2)}`, box.x + box.width - 4, toY(value) - 4, "right");
    }
    context.setLineDash([]);
  }

  function label(context, text, x, y, align = "left") {
    context.font = "11px system-ui, sans-serif";
    context.textAlign = align;
    const width = context.measureText(text).width;
    context.fillStyle = colour("paper");
    context.globalAlpha = 0.82;
    context.fillRect(align === "right" ? x - width - 3 : x - 3, y - 11, width + 6, 14);
    context.globalAlpha = 1;
    context.fillStyle = colour("ink");
    context.fillText(text, x, y);
    context.textAlign = "left";
  }

  // Solid, or hatched one way or both: told apart without colour too.
  function bar(context, x, y, width, height, fill, hatch) {
    context.fillStyle = fill;
    context.strokeStyle = fill;
    if (!hatch) return context.fillRect(x, y, Math.max(1, width), height);
    context.save();
    context.beginPath();
    context.rect(x, y, Math.max(1.5, width), height);
    context.clip();
    context.lineWidth = 1.3;
    context.beginPath();
    for (let left = x - height - (x % 6); left < x + width + height; left += 6) {
      context.moveTo(left, y + height);
      context.lineTo(left + height, y);
      if (hatch === "cross") { context.moveTo(left, y); context.lineTo(left + height, y + height); }
    }
    context.stroke();
    context.lineWidth = 2;
    context.strokeRect(x, y, Math.max(1.5, width), height);
    context.restore();
  }

  function drawSpans(context, spans, rate, view, box, fill, hatch) {
    const scale = box.width / (view.end - view.start);
    for (const [from, to] of spans) {
      if (to / rate <= view.start || from / rate >= view.end) continue;
      const x = Math.max(box.x - 4, box.x + (from / rate - view.start) * scale);
      const end = Math.min(box.x + box.width + 4, box.x + (to / rate - view.start) * scale);
      bar(context, x, box.y, end - x, box.height, fill, hatch);
    }
  }

  function ticks(view, width) {
    const least = ((view.end - view.start) / width) * 84;
    const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000];
    const step = steps.find((s) => s >= least) || 36000;
    const found = [];
    for (let k = Math.ceil(view.start / step); k * step <= view.end; k++) found.push(k * step);
    return { found, decimals: step >= 1 ? 0 : Math.ceil(-Math.log10(step) - 1e-9) };
  }

  function clock(seconds, decimals) {
    const unit = 10 ** decimals;
    const all = Math.round(seconds * unit);
    const whole = Math.floor(all / unit);
    const rest = decimals ? `.${String(all % unit).padStart(decimals, "0")}` : "";
    const minutes = Math.floor(whole / 60) % 60;
    const hours = Math.floor(whole / 3600);
    const tail = `${String(whole % 60).padStart(2, "0")}${rest}`;
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
  }

  function drawTime(context, view, width, height) {
    const { found, decimals } = ticks(view, width);
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    for (const t of found) {
      const x = ((t - view.start) / (view.end - view.start)) * width;
      context.fillStyle = colour("line");
      context.fillRect(x, 18, 1, height - 18);
      context.fillStyle = colour("muted");
      const text = clock(t, decimals);
      const half = context.measureText(text).width / 2 + 3;
      context.fillText(text, Math.min(width - half, Math.max(half, x)), 13);
    }
    context.textAlign = "left";
  }

  return { colour, prepare, pyramid, drawMel, drawEnvelope, drawPosterior, drawSpans, bar, label, drawTime, clock };
})();
