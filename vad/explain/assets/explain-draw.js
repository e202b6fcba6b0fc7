// Images of gates and cell states, and the lines of one unit. Knows nothing of the page: numbers in, pixels out.
"use strict";

const vadHeat = (() => {
  // Cividis at ninths (Nunez, Anderton and Renslow): the same to colour-blind eyes, and even in lightness.
  const CIVIDIS = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56]];
  const BLUE_RED = { light: [[5, 80, 160], [120, 175, 215], [247, 247, 247], [240, 150, 120], [165, 15, 30]], dark: [[110, 190, 255], [40, 100, 150], [24, 29, 35], [165, 70, 40], [255, 140, 95]] };

  function table(stops) {
    const colours = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      const place = (i / 255) * (stops.length - 1);
      const k = Math.min(stops.length - 2, Math.floor(place));
      const [r, g, b] = stops[k].map((low, c) => Math.round(low + (place - k) * (stops[k + 1][c] - low)));
      colours[i] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    }
    return colours;
  }

  const GATE = table(CIVIDIS);
  const SIGNED = { light: table(BLUE_RED.light), dark: table(BLUE_RED.dark) };
  const theme = () => (getComputedStyle(document.documentElement).colorScheme === "dark" ? "dark" : "light");

  // The colour of a value in [-1, 1] for a style sheet, and one that can be read on it.
  function signedColours(value) {
    const colour = SIGNED[theme()][Math.round(Math.min(255, Math.max(0, 127.5 + 127.5 * value)))];
    const [r, g, b] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
    return [`rgb(${r},${g},${b})`, 0.299 * r + 0.587 * g + 0.114 * b > 125 ? "#10151a" : "#ffffff"];
  }

  const scratch = document.createElement("canvas");

  // One row per unit in their order, `level` makes 0…255 of a value of a unit.
  function drawImage(context, { values, n, steps, order, level, signed }, times, view, box) {
    const colours = signed ? SIGNED[theme()] : GATE;
    const width = Math.max(1, Math.round(box.width));
    const perPixel = (view.end - view.start) / width;
    scratch.width = width;
    scratch.height = n;
    const target = scratch.getContext("2d");
    const image = target.createImageData(width, n);
    const pixels = new Uint32Array(image.data.buffer);
    for (let x = 0; x < width; x++) {
      const from = Math.floor((view.start + x * perPixel - times.start_s) / times.step_s);
      const to = Math.max(from + 1, Math.floor((view.start + (x + 1) * perPixel - times.start_s) / times.step_s));
      const stop = Math.min(steps, to);
      const start = Math.max(0, from);
      if (start >= stop) continue;
      for (let row = 0; row < n; row++) {
        const unit = order[row];
        let sum = 0;
        for (let t = start; t < stop; t++) sum += values[t * n + unit];
        pixels[row * width + x] = colours[Math.min(255, Math.max(0, Math.round(level(sum / (stop - start), unit))))];
      }
    }
    target.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(scratch, box.x, box.y, box.width, box.height);
  }

  // The gradient over the log-mel that lies beneath: as opaque as it is strong.
  function drawSaliency(context, { first, steps, gradient }, bands, times, view, box) {
    let peak = 1e-12;
    for (const value of gradient) if (Math.abs(value) > peak) peak = Math.abs(value);
    peak *= 0.6;
    const scale = box.width / (view.end - view.start);
    const wide = times.step_s * scale;
    // Grey beneath, so that the two colours are the gradient's alone.
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.width, box.height);
    context.clip();
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "#808080";
    context.fillRect(box.x + (times.start_s + first * times.step_s - view.start) * scale, box.y, steps * wide, box.height);
    context.globalCompositeOperation = "source-over";
    for (let s = 0; s < steps; s++) {
      const x = box.x + (times.start_s + (first + s) * times.step_s - view.start) * scale;
      if (x + wide < box.x || x > box.x + box.width) continue;
      for (let b = 0; b < bands; b++) {
        const share = Math.min(1, Math.abs(gradient[s * bands + b]) / peak);
        if (share < 0.04) continue;
        context.fillStyle = gradient[s * bands + b] > 0 ? `rgba(255,75,60,${share ** 0.6})` : `rgba(70,150,255,${share ** 0.6})`;
        const y = box.y + (box.height * (bands - 1 - b)) / bands;
        context.fillRect(x, y, Math.max(1, wide), box.height / bands + 0.5);
      }
    }
    context.restore();
  }

  // A line through values in [low, high] over times.
  function drawLine(context, values, start_s, step_s, view, box, [low, high], style) {
    const scale = box.width / (view.end - view.start);
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.width, box.height);
    context.clip();
    context.beginPath();
    const from = Math.max(0, Math.floor((view.start - start_s) / step_s) - 1);
    const to = Math.min(values.length, Math.ceil((view.end - start_s) / step_s) + 2);
    for (let t = from; t < to; t++) {
      const x = box.x + (start_s + (t + 0.5) * step_s - view.start) * scale;
      const y = box.y + 2 + (box.height - 4) * (1 - (values[t] - low) / (high - low));
      if (t === from) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    Object.assign(context, { strokeStyle: style.colour, lineWidth: style.width, lineJoin: "round" });
    context.setLineDash(style.dash || []);
    context.stroke();
    context.setLineDash([]);
    context.restore();
  }

  return { drawImage, drawLine, drawSaliency, signedColours };
})();
