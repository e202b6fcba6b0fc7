// The page: unpacks the data, keeps the state, and ties pointers, keys, sliders and the player to it.
"use strict";

(async () => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const rate = data.grid.sample_rate;
  const whole = { start: data.start_s, end: data.end_s };
  const LEAST_SPAN = Math.min(0.05, whole.end - whole.start);
  const audio = $("audio");

  const [posteriors, wave, mel] = await Promise.all([data.posteriors, data.wave.data, data.mel.data].map(vadUnpack));
  const state = {
    posteriors: new Float32Array(posteriors),
    wave: new Int16Array(wave),
    mel: vadDraw.pyramid({ ...data.mel, data: new Uint8Array(mel) }),
    grid: data.grid,
    rule: { ...data.rule },
    reference: data.reference,
    view: { ...whole },
    time: whole.start,
    segments: [],
    misses: [],
    alarms: [],
    list: "segments",
    playing: false,
  };

  // --- deciding ---------------------------------------------------------------------------------------------------
  function decide() {
    state.segments = vadDecision.decide(state.posteriors, state.rule, state.grid, data.n_samples);
    if (state.reference) {
      state.misses = vadDecision.difference(state.reference, state.segments);
      state.alarms = vadDecision.difference(state.segments, state.reference);
    }
    showSummary();
    showCommand();
    showList();
    redraw();
  }

  const SLIDERS = [
    ["onset_threshold", "Onset threshold", 0.01, 1, "Posterior that enters speech"],
    ["offset_threshold", "Offset threshold", 0, 1, "Posterior below which speech is left"],
    ["confirm_threshold", "Confirm threshold", 0, 1, "Speech that nowhere reaches this posterior is dropped"],
    ["hangover_s", "Hangover", 0, 2, "Speech goes on this long below the offset threshold"],
    ["min_speech_s", "Min speech", 0, 2, "Shorter speech is dropped"],
    ["min_silence_s", "Min silence", 0, 2, "Shorter gaps are filled"],
    ["pad_start_s", "Pad start", 0, 1, "Added before every segment"],
    ["pad_end_s", "Pad end", 0, 1, "Added after every segment"],
    ["merge_gap_s", "Merge gap", 0, 3, "Padded segments no further apart are one"],
    ["max_speech_s", "Max speech", 1, 60, "Longer segments are cut at their deepest pause"],
  ];
  // What may be absent is so at one end of its slider: where that is, and what it is called.
  const ABSENT = { max_speech_s: ["max", "no limit"], confirm_threshold: ["min", "none"] };
  const isAbsent = (input) => input.id in ABSENT && Number(input.value) === Number(input[ABSENT[input.id][0]]);
  // A limit has to leave room for the least segment (vad.decision.rule).
  const LEAST_LIMIT_S = 0.5;

  function makeSliders() {
    for (const [name, title, low, high, hint] of SLIDERS) {
      const row = document.createElement("label");
      row.className = "slider";
      row.title = hint;
      const text = document.createElement("span");
      text.textContent = title;
      const input = document.createElement("input");
      Object.assign(input, { type: "range", id: name, min: low, max: Math.max(high, Math.ceil(2 * data.rule[name]) / 2), step: name === "max_speech_s" ? 0.5 : 0.01 });
      const value = document.createElement("output");
      row.append(text, input, value);
      $("sliders").append(row);
      input.addEventListener("input", () => {
        state.rule[name] = isAbsent(input) ? null : Number(input.value);
        // An offset threshold above the onset threshold is no rule: the other one gives way.
        if (name === "onset_threshold") state.rule.offset_threshold = Math.min(state.rule.offset_threshold, state.rule[name]);
        if (name === "offset_threshold") state.rule.onset_threshold = Math.max(state.rule.onset_threshold, state.rule[name]);
        // Nor does what confirms speech lie below it.
        const sure = state.rule.confirm_threshold;
        if (sure !== null) state.rule.confirm_threshold = Math.max(sure, state.rule.onset_threshold);
        const { pad_start_s: before, pad_end_s: after, min_speech_s: least, max_speech_s: limit } = state.rule;
        if (limit !== null) state.rule.max_speech_s = Math.max(limit, before + after + least + LEAST_LIMIT_S);
        showSliders();
        decide();
      });
    }
  }

  function showSliders() {
    for (const [name] of SLIDERS) {
      const value = state.rule[name];
      $(name).value = value === null ? $(name)[ABSENT[name][0]] : value;
      $(name).nextElementSibling.textContent = value === null ? ABSENT[name][1] : name.endsWith("_s") ? `${value.toFixed(2)} s` : value.toFixed(2);
    }
  }

  function showCommand() {
    $("command").textContent = `vad detect ${data.command_name}${vadCommand.options(state.rule, data.model_rule)}`;
  }

  // --- words and lists --------------------------------------------------------------------------------------------
  const clock = (seconds) => vadDraw.clock(seconds, 3);
  const length = (spans) => spans.reduce((sum, [start, end]) => sum + end - start, 0) / rate;
  const counted = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

  function showSummary() {
    const total = data.n_samples / rate;
    const speech = length(state.segments);
    let text = `${clock(total)} long, ${counted(state.segments.length, "segment")}, ${speech.toFixed(2)} s of speech (${((100 * speech) / total).toFixed(0)} %)`;
    if (state.reference) text += ` · missed ${length(state.misses).toFixed(2)} s, false alarm ${length(state.alarms).toFixed(2)} s of ${length(state.reference).toFixed(2)} s labelled`;
    $("summary").textContent = text;
  }

  const LISTS = [["segments", "Detected", "detected", ""]];
  if (state.reference) LISTS.push(["reference", "Reference", "reference", ""], ["misses", "Missed", "missed", "cross"], ["alarms", "False alarms", "alarm", "hatch"]);
  const MOST_ROWS = 1000;

  function makeTabs() {
    for (const [name, title] of LISTS) {
      const tab = document.createElement("button");
      Object.assign(tab, { type: "button", id: `tab-${name}` });
      tab.setAttribute("role", "tab");
      tab.dataset.title = title;
      tab.addEventListener("click", () => { state.list = name; showList(); });
      $("tabs").append(tab);
    }
  }

  function showList() {
    for (const [name] of LISTS) {
      const tab = $(`tab-${name}`);
      tab.setAttribute("aria-selected", String(name === state.list));
      tab.textContent = `${tab.dataset.title} ${state[name].length}`;
    }
    const rows = state[state.list].slice(0, MOST_ROWS).map(([start, end], k) => {
      const row = document.createElement("tr");
      row.tabIndex = 0;
      for (const text of [k + 1, clock(start / rate), clock(end / rate), ((end - start) / rate).toFixed(3)]) {
        row.insertCell().textContent = text;
      }
      const go = () => { seek(start / rate); bringIntoView(start / rate, end / rate); };
      row.addEventListener("click", go);
      row.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
      return row;
    });
    $("list").tBodies[0].replaceChildren(...rows);
    const left = state[state.list].length - rows.length;
    $("more").textContent = left > 0 ? `${left} more are drawn above but not listed.` : "";
    markRow();
  }

  function markRow() {
    const now = state[state.list].findIndex(([start, end]) => start / rate <= state.time && state.time < end / rate);
    const rows = $("list").tBodies[0].rows;
    for (const row of $("list").querySelectorAll("tr.now")) if (row !== rows[now]) row.classList.remove("now");
    if (rows[now]) rows[now].classList.add("now");
  }

  function makeLegend() {
    for (const [, title, colour, hatch] of LISTS) {
      const item = document.createElement("li");
      const swatch = document.createElement("canvas");
      item.append(swatch, title.toLowerCase());
      item.dataset.colour = colour;
      item.dataset.hatch = hatch;
      $("legend").append(item);
    }
  }

  // --- drawing ----------------------------------------------------------------------------------------------------
  let asked = false;
  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }

  function drawWave(context, view, box, fill) {
    const peak = Math.max(1, data.wave.peak);
    const toY = (value) => box.y + box.height / 2 - (value / peak) * (box.height / 2 - 2);
    const count = state.wave.length / 2;
    vadDraw.drawEnvelope(context, (i) => state.wave[2 * i], (i) => state.wave[2 * i + 1], count, data.start_s, data.wave.bin_s, view, box, toY, fill);
  }

  const LANE = 30;
  function draw() {
    const tall = window.innerWidth > 720 ? 1 : 0.8;
    const heights = { wave: 84 * tall, mel: 128 * tall, posterior: 108 * tall };
    const height = 22 + heights.wave + heights.mel + heights.posterior + 18 + LISTS.length * LANE + 4;
    const { context, width } = vadDraw.prepare($("picture"), height);
    const view = state.view;
    vadDraw.drawTime(context, view, width, height);
    let y = 22;
    const box = (size) => { const made = { x: 0, y, width, height: size }; y += size + 6; return made; };
    const waveBox = box(heights.wave);
    drawWave(context, view, waveBox, vadDraw.colour("wave"));
    vadDraw.drawSpans(context, state.segments, rate, view, waveBox, vadDraw.colour("shade"), "");
    vadDraw.label(context, "waveform", 5, waveBox.y + 12);
    const melBox = box(heights.mel);
    vadDraw.drawMel(context, state.mel, view, melBox);
    vadDraw.label(context, "log-mel", 5, melBox.y + 13);
    const posteriorBox = box(heights.posterior);
    vadDraw.drawPosterior(context, state, view, posteriorBox);
    vadDraw.label(context, "posterior", 5, posteriorBox.y + 12);
    for (const [name, title, colour, hatch] of LISTS) {
      // The name stands above its lane: in the lane it would hide what begins there.
      vadDraw.label(context, title.toLowerCase(), 5, y + 11);
      const lane = { x: 0, y: y + 14, width, height: LANE - 17 };
      vadDraw.drawSpans(context, state[name], rate, view, lane, vadDraw.colour(colour), hatch);
      y += LANE;
    }
    drawPlayhead(context, view, width, height);
    drawOverview();
    drawLegend();
  }

  function drawPlayhead(context, view, width, height) {
    const x = ((state.time - view.start) / (view.end - view.start)) * width;
    if (x < 0 || x > width) return;
    context.fillStyle = vadDraw.colour("play");
    context.fillRect(x - 0.75, 0, 1.5, height);
    context.beginPath();
    context.moveTo(x - 6, 0);
    context.lineTo(x + 6, 0);
    context.lineTo(x, 9);
    context.fill();
  }

  function drawOverview() {
    const { context, width, height } = vadDraw.prepare($("overview"), 44);
    drawWave(context, whole, { x: 0, y: 0, width, height: height - 8 }, vadDraw.colour("muted"));
    vadDraw.drawSpans(context, state.segments, rate, whole, { x: 0, y: height - 7, width, height: 5 }, vadDraw.colour("detected"), "");
    const scale = width / (whole.end - whole.start);
    const left = (state.view.start - whole.start) * scale;
    const wide = Math.max(3, (state.view.end - state.view.start) * scale);
    context.fillStyle = vadDraw.colour("shade");
    context.fillRect(left, 0, wide, height);
    context.strokeStyle = vadDraw.colour("strong");
    context.lineWidth = 1.5;
    context.strokeRect(left + 0.75, 0.75, wide - 1.5, height - 1.5);
    context.fillStyle = vadDraw.colour("play");
    context.fillRect((state.time - whole.start) * scale - 0.75, 0, 1.5, height);
  }

  function drawLegend() {
    for (const item of $("legend").children) {
      const { context, width, height } = vadDraw.prepare(item.firstChild, 12);
      vadDraw.bar(context, 0, 0, width, height, vadDraw.colour(item.dataset.colour), item.dataset.hatch);
    }
  }

  // --- the part shown ---------------------------------------------------------------------------------------------
  function show(start, span) {
    const width = Math.min(whole.end - whole.start, Math.max(LEAST_SPAN, span));
    const from = Math.min(whole.end - width, Math.max(whole.start, start));
    state.view = { start: from, end: from + width };
    redraw();
  }

  function zoom(factor, about = state.time) {
    const { start, end } = state.view;
    const centre = about < start || about > end ? (start + end) / 2 : about;
    const span = Math.min(whole.end - whole.start, Math.max(LEAST_SPAN, (end - start) / factor));
    show(centre - ((centre - start) / (end - start)) * span, span);
  }

  function bringIntoView(start, end = start) {
    const span = state.view.end - state.view.start;
    if (start >= state.view.start && end <= state.view.end) return redraw();
    const wanted = Math.max(span, (end - start) * 1.2);
    show(start - Math.min(0.1 * wanted, Math.max(0, wanted - (end - start)) / 2), wanted);
  }

  // --- playing ----------------------------------------------------------------------------------------------------
  function seek(time) {
    state.time = Math.min(whole.end, Math.max(whole.start, time));
    if (data.audio) audio.currentTime = state.time - whole.start;
    showTime();
    redraw();
  }

  function showTime() {
    $("clock").textContent = clock(state.time);
    markRow();
  }

  function follow() {
    if (!state.playing) return;
    state.time = Math.min(whole.end, whole.start + audio.currentTime);
    const { start, end } = state.view;
    if (state.time > end - 0.04 * (end - start) && end < whole.end) show(state.time - 0.05 * (end - start), end - start);
    showTime();
    redraw();
    requestAnimationFrame(follow);
  }

  async function toggle() {
    if (!data.audio) return;
    if (state.playing) return audio.pause();
    if (state.time >= whole.end - 0.01) seek(whole.start);
    await audio.play();
  }

  function showPlaying(playing) {
    state.playing = playing;
    $("play").firstChild.data = playing ? "❚❚ " : "▶ ";
    $("play").lastElementChild.textContent = playing ? "Pause" : "Play";
    if (playing) follow();
  }

  function neighbour(step) {
    const starts = state.segments.map(([start]) => start / rate);
    const next = step > 0 ? starts.find((t) => t > state.time + 0.001) : starts.findLast((t) => t < state.time - 0.25);
    if (next === undefined) return;
    seek(next);
    bringIntoView(next);
  }

  function prepareAudio() {
    if (!data.audio) {
      $("play").disabled = true;
      $("silent").hidden = false;
      $("silent").textContent = data.silent;
      return;
    }
    const bytes = Uint8Array.from(atob(data.audio.data), (c) => c.charCodeAt(0));
    audio.src = URL.createObjectURL(new Blob([bytes], { type: data.audio.type }));
    audio.addEventListener("play", () => showPlaying(true));
    audio.addEventListener("pause", () => showPlaying(false));
    audio.addEventListener("error", () => {
      $("play").disabled = true;
      $("silent").hidden = false;
      $("silent").textContent = `This browser cannot play ${data.audio.type}.`;
    });
    $("rate").addEventListener("change", () => { audio.playbackRate = Number($("rate").value); });
  }

  // --- keys and buttons -----------------------------------------------------------------------------------------
  const KEYS = {
    " ": toggle, "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "0": () => show(whole.start, Infinity),
    n: () => neighbour(1), p: () => neighbour(-1), Home: () => { seek(whole.start); bringIntoView(state.time); },
    End: () => { seek(whole.end); bringIntoView(state.time); },
    ArrowLeft: () => { seek(state.time - 0.05 * (state.view.end - state.view.start)); bringIntoView(state.time); },
    ArrowRight: () => { seek(state.time + 0.05 * (state.view.end - state.view.start)); bringIntoView(state.time); },
  };

  function tieKeys() {
    document.addEventListener("keydown", (event) => {
      const busy = event.target.closest("input, select, button, tr") !== null;
      if (event.ctrlKey || event.metaKey || event.altKey || (busy && (event.key === " " || event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End"))) return;
      const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  function tieButtons() {
    const actions = {
      play: toggle, in: () => zoom(2), out: () => zoom(0.5), fit: () => show(whole.start, Infinity),
      next: () => neighbour(1), previous: () => neighbour(-1),
      reset: () => { state.rule = { ...data.rule }; showSliders(); decide(); },
      theme: () => {
        const root = document.documentElement;
        const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        redraw();
      },
    };
    for (const [id, act] of Object.entries(actions)) $(id).addEventListener("click", act);
  }

  makeSliders();
  makeTabs();
  makeLegend();
  showSliders();
  prepareAudio();
  vadPointers.tie($("picture"), { view: () => state.view, show, zoom, seek });
  vadPointers.tieOverview($("overview"), { view: () => state.view, whole, show });
  tieKeys();
  tieButtons();
  new ResizeObserver(redraw).observe($("picture"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  showTime();
  decide();
  // For tests, and for whoever likes to look from the console.
  window.vadPage = { state, seek, show, zoom, toggle, audio, whole };
})();
