// The two large pictures: what is heard and decided, and the gates of a layer.
"use strict";

const vadLanes = (() => {
  const $ = (id) => document.getElementById(id);
  const TOP = 22;
  const GAP = 5;
  const SIGNALS = [["i", "input gate"], ["f", "forget gate"], ["o", "output gate"], ["c", "cell state"]];
  let levels = null;

  // The log-mel as bytes, made once.
  function melOf(frames, bands, times) {
    const sorted = Float64Array.from(frames).sort();
    const low = sorted[Math.floor(0.02 * sorted.length)];
    const high = Math.max(low + 1e-3, sorted[Math.floor(0.998 * sorted.length)]);
    const bytes = Uint8Array.from(frames, (value) => Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low)))));
    return vadDraw.pyramid({ ...times, column_s: times.step_s, columns: frames.length / bands, bands, data: bytes });
  }

  function draw(page) {
    levels ??= melOf(page.state.frames, page.bands, page.times);
    drawHeard(page);
    drawGates(page);
    drawLives(page);
  }

  function drawHeard({ state, data, times, wave, bands, original, now, rate }) {
    const tall = window.innerWidth > 720 ? 1 : 0.8;
    const sizes = { wave: 56 * tall, mel: 112 * tall, posterior: 104 * tall, lane: 14 };
    const height = TOP + sizes.wave + sizes.mel + sizes.posterior + 2 * (sizes.lane + 16) + 3 * GAP + 4;
    const { context, width } = vadDraw.prepare($("heard"), height);
    const { view } = state;
    vadDraw.drawTime(context, view, width, height);
    let y = TOP;
    const box = (size) => { const made = { x: 0, y, width, height: size }; y += size + GAP; return made; };
    const waveBox = box(sizes.wave);
    const peak = Math.max(1, data.wave.peak);
    const toY = (value) => waveBox.y + waveBox.height / 2 - (value / peak) * (waveBox.height / 2 - 2);
    vadDraw.drawEnvelope(context, (i) => wave[2 * i], (i) => wave[2 * i + 1], wave.length / 2, data.start_s, data.wave.bin_s, view, waveBox, toY, vadDraw.colour("wave"));
    vadDraw.label(context, "waveform", 5, waveBox.y + 12);
    const melBox = box(sizes.mel);
    vadDraw.drawMel(context, levels, view, melBox);
    const salient = $("saliency").checked && state.gradient !== null;
    if (salient) vadHeat.drawSaliency(context, state.gradient, bands, times, view, melBox);
    vadDraw.label(context, salient ? width > 600 ? "log-mel; red and blue: what speaks for and against speech at this step" : "log-mel; red for, blue against" : "log-mel", 5, melBox.y + 13);
    const posteriorBox = box(sizes.posterior);
    drawPosterior(context, { state, data, times, original }, posteriorBox);
    const lanes = [["detected", state.segments, "detected", ""], ["as it was", state.originals, "plain", "hatch"]];
    for (const [name, spans, colour, hatch] of lanes) {
      vadDraw.label(context, name, 5, y + 11);
      vadDraw.drawSpans(context, spans, rate, view, { x: 0, y: y + 14, width, height: sizes.lane }, vadDraw.colour(colour), hatch);
      y += sizes.lane + 16;
    }
    drawPlayhead(context, view, now, width, height);
    const judged = state.step - data.lookahead;
    if (judged >= 0) drawDot(context, view, now - data.lookahead * times.step_s, state.posteriors[judged], posteriorBox);
  }

  function drawPosterior(context, { state, data, times, original }, box) {
    const { view } = state;
    const toY = (value) => box.y + 2 + (box.height - 4) * (1 - value);
    context.setLineDash([6, 4]);
    for (const [name, dash] of [["onset_threshold", [6, 4]], ["offset_threshold", [1, 3]], ["confirm_threshold", [2, 6]]]) {
      if (data.rule[name] === null) continue;
      context.setLineDash(dash);
      context.strokeStyle = vadDraw.colour("ink");
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(box.x, toY(data.rule[name]));
      context.lineTo(box.x + box.width, toY(data.rule[name]));
      context.stroke();
    }
    context.setLineDash([]);
    const line = (values, style) => vadHeat.drawLine(context, values, times.start_s, times.step_s, view, box, [0, 1], style);
    line(state.posteriors, { colour: vadDraw.colour("detected"), width: 2 });
    if (state.interventions.length) line(original, { colour: vadDraw.colour("plain"), width: 1.3, dash: [5, 3] });
    vadDraw.label(context, state.interventions.length ? "posterior; dashed: as it was" : "posterior", 5, box.y + 13);
  }

  function drawDot(context, view, time, value, box) {
    const x = box.x + ((time - view.start) / (view.end - view.start)) * box.width;
    context.fillStyle = vadDraw.colour("play");
    context.beginPath();
    context.arc(x, box.y + 2 + (box.height - 4) * (1 - value), 4.5, 0, 2 * Math.PI);
    context.fill();
  }

  function drawPlayhead(context, view, now, width, height) {
    const x = ((now - view.start) / (view.end - view.start)) * width;
    context.fillStyle = vadDraw.colour("play");
    context.fillRect(x - 0.75, 0, 1.5, height);
  }

  const imageHeight = (n) => Math.min(170, Math.max(window.innerWidth > 720 ? 112 : 96, n));

  function drawGates({ state, data, times, peaks, now }) {
    const { layer, view } = state;
    const { units: n } = state.network.layers[layer];
    const { order, group } = data.units[layer];
    const tall = imageHeight(n);
    const height = SIGNALS.length * (tall + GAP) - GAP;
    const { context, width } = vadDraw.prepare($("gates"), height);
    const own = state.trace.layers[layer];
    const was = state.plain.layers[layer];
    const difference = $("difference").checked;
    SIGNALS.forEach(([name, title], place) => {
      const box = { x: 7, y: place * (tall + GAP), width: width - 7, height: tall };
      const values = difference ? own[name].map((value, at) => value - was[name][at]) : own[name];
      const cell = name === "c";
      const level = cell ? (value, unit) => 127.5 + (127.5 * value) / peaks[layer][unit] : difference ? (value) => 127.5 + 127.5 * value : (value) => 255 * value;
      vadHeat.drawImage(context, { values, n, steps: state.steps, order, level, signed: cell || difference }, times, view, box);
      order.forEach((unit, row) => {
        context.fillStyle = vadDraw.colour(group[unit]);
        context.fillRect(0, box.y + (row * tall) / n, 5, tall / n + 0.5);
      });
      markUnit(context, order.indexOf(state.unit), n, box);
      vadDraw.label(context, difference ? `${title}, less the original` : title, 12, box.y + 13);
    });
    const x = 7 + ((now - view.start) / (view.end - view.start)) * (width - 7);
    context.fillStyle = vadDraw.colour("play");
    context.fillRect(x - 0.75, 0, 1.5, height);
  }

  // A wedge on both sides, so that the row itself stays to be seen.
  function markUnit(context, row, n, box) {
    const y = box.y + ((row + 0.5) * box.height) / n;
    context.fillStyle = vadDraw.colour("play");
    for (const [x, turn] of [[box.x, 1], [box.x + box.width, -1]]) {
      context.beginPath();
      context.moveTo(x + 8 * turn, y);
      context.lineTo(x, y - 5);
      context.lineTo(x, y + 5);
      context.fill();
    }
  }

  // The unit whose row lies under a pointer, or null between the images.
  function unitAt(event, canvas, order) {
    const tall = imageHeight(order.length);
    const y = (event.clientY - canvas.getBoundingClientRect().top) % (tall + GAP);
    return y < tall ? order[Math.floor((y / tall) * order.length)] : null;
  }

  // Half-lives on a logarithmic axis of 1 ms to 100 s, a row for each group.
  const LANE = 17;
  const PAD = 14;
  const DECADES = [["1 ms", 1e-3], ["10 ms", 1e-2], ["0.1 s", 0.1], ["1 s", 1], ["10 s", 10], ["100 s", 100]];
  const groupsOf = (about, groups) => Object.keys(groups).filter((group) => about.group.includes(group));
  const lifeX = (seconds, width) => PAD + ((Math.log10(Math.min(100, Math.max(1e-3, seconds ?? 100))) + 3) / 5) * (width - 2 * PAD);

  function drawLives({ state, data }) {
    const about = data.units[state.layer];
    const rows = groupsOf(about, data.groups);
    const { context, width, height } = vadDraw.prepare($("lives"), rows.length * LANE + 22);
    context.font = "11px system-ui, sans-serif";
    for (const [text, seconds] of DECADES) {
      const x = lifeX(seconds, width);
      context.fillStyle = vadDraw.colour("line");
      context.fillRect(x, 0, 1, height - 16);
      context.fillStyle = vadDraw.colour("muted");
      context.textAlign = "center";
      context.fillText(text, Math.min(width - 16, Math.max(14, x)), height - 4);
    }
    context.textAlign = "left";
    about.half_life_s.forEach((seconds, unit) => {
      const y = (rows.indexOf(about.group[unit]) + 0.5) * LANE + 2;
      const chosen = unit === state.unit;
      context.fillStyle = vadDraw.colour(chosen ? "play" : about.group[unit]);
      context.globalAlpha = chosen ? 1 : 0.7;
      context.beginPath();
      context.arc(lifeX(seconds, width), y, chosen ? 6 : 4, 0, 2 * Math.PI);
      context.fill();
    });
    context.globalAlpha = 1;
  }

  // The unit whose dot is nearest to a pointer, or null where none is near.
  function lifeAt(event, canvas, about, groups) {
    const bounds = canvas.getBoundingClientRect();
    const rows = groupsOf(about, groups);
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const distance = (unit) => Math.hypot(lifeX(about.half_life_s[unit], bounds.width) - x, (rows.indexOf(about.group[unit]) + 0.5) * LANE + 2 - y);
    const nearest = about.order.reduce((best, unit) => (distance(unit) < distance(best) ? unit : best));
    return distance(nearest) < 16 ? nearest : null;
  }

  return { draw, lifeAt, unitAt };
})();
