// The page: unpacks the network, keeps the state, runs what is switched, and ties everything to it.
"use strict";

(async () => {
  const $ = (id) => document.getElementById(id);
  const { element } = vadUnit;
  const data = JSON.parse($("data").textContent);
  const rate = data.grid.sample_rate;
  const audio = $("audio");
  // Frame `first_frame` is heard at step 0; a frame owns the time from its edge to the next.
  const edge = (frame) => (frame * data.grid.hop_length + (data.grid.win_length - data.grid.hop_length) / 2) / rate;
  const times = { start_s: edge(data.first_frame), step_s: data.grid.hop_length / rate };
  const whole = { start: data.start_s, end: data.end_s };
  const LEAST_SPAN = Math.min(0.2, whole.end - whole.start);
  const BACK_STEPS = Math.round(1.5 / times.step_s);

  const floats = async (text) => Float64Array.from(new Float32Array(await vadUnpack(text)));
  const doubles = async (text) => new Float64Array(await vadUnpack(text));

  async function unpackLayer(layer) {
    const [kernel, recurrent, bias] = await Promise.all([layer.kernel, layer.recurrent, layer.bias].map(doubles));
    return { units: bias.length / 4, inputs: kernel.length / bias.length, kernel, recurrent, bias };
  }

  const network = {
    layers: await Promise.all(data.network.layers.map(unpackLayer)),
    output: await floats(data.network.output),
    offset: data.network.offset,
    pcen: data.network.pcen && { ...data.network.pcen, share: await floats(data.network.pcen.share) },
  };
  const before = {
    layers: await Promise.all(data.before.layers.map(async ({ h, c }) => ({ h: await doubles(h), c: await doubles(c) }))),
    mean: await doubles(data.before.mean),
  };
  const frames = await floats(data.frames);
  const bands = network.pcen ? network.pcen.share.length : network.layers[0].inputs;
  const steps = frames.length / bands;
  const wave = new Int16Array(await vadUnpack(data.wave.data));
  const plain = vadLstm.run(network, frames, steps, before);

  const state = {
    network, frames, before, plain, trace: plain, steps,
    layer: network.layers.length - 1, unit: data.units[network.layers.length - 1].order[0], step: data.moment.step,
    view: { ...whole }, interventions: [], playing: false, posteriors: null, segments: [], originals: [], gradient: null,
  };

  // --- running and deciding -----------------------------------------------------------------------------------
  const posteriorsOf = (trace) => Float64Array.from(trace.logits.subarray(data.lookahead), vadLstm.sigmoid);

  function decide(posteriors) {
    const spans = vadDecision.decide(Float32Array.from(posteriors), data.rule, data.grid, data.n_samples);
    const shift = data.first_frame * data.grid.hop_length;
    return spans.map(([start, end]) => [start + shift, end + shift]);
  }

  const original = posteriorsOf(plain);
  state.originals = decide(original);

  function run() {
    state.trace = state.interventions.length ? vadLstm.run(network, frames, steps, before, state.interventions, plain) : plain;
    state.posteriors = posteriorsOf(state.trace);
    state.segments = decide(state.posteriors);
    showChanged();
    showSummary();
    showStep();
  }

  // The range of each unit's cell state, in the network as it is: what its colours are shares of.
  const peaks = plain.layers.map((layer, index) => {
    const n = network.layers[index].units;
    const found = new Float64Array(n).fill(1e-9);
    layer.c.forEach((value, at) => { found[at % n] = Math.max(found[at % n], Math.abs(value)); });
    return found;
  });

  // --- switching ----------------------------------------------------------------------------------------------
  const allUnits = (layer) => [...Array(network.layers[layer].units).keys()];

  function scope() {
    const { group } = data.units[state.layer];
    const chosen = $("scope").value;
    if (chosen === "layer") return null;
    return chosen === "unit" ? [state.unit] : allUnits(state.layer).filter((unit) => group[unit] === group[state.unit]);
  }

  // Takes units out of what acts on a kind; null is all.
  function without(kind, units) {
    return state.interventions.flatMap((one) => {
      if (one.layer !== state.layer || one.kind !== kind) return [one];
      const left = units === null ? [] : (one.units ?? allUnits(one.layer)).filter((unit) => !units.includes(unit));
      return left.length ? [{ ...one, units: left, of: left.length === 1 ? `unit ${left[0]}` : `${left.length} units` }] : [];
    });
  }

  function choose(kind, value) {
    const units = scope();
    state.interventions = without(kind, units);
    if (value !== null) {
      const group = data.groups[data.units[state.layer].group[state.unit]];
      const of = { unit: `unit ${state.unit}`, group, layer: "all units" }[$("scope").value];
      const start = $("from").value === "now" ? state.step : 0;
      state.interventions.push({ layer: state.layer, kind, value, units, start, of });
    }
    run();
  }

  function actsOn(layer, unit) {
    const found = new Map();
    for (const one of state.interventions) {
      if (one.layer === layer && (one.units === null || one.units.includes(unit))) found.set(one.kind, one.value);
    }
    return found;
  }

  function showChanged() {
    const rows = state.interventions.map((one) => {
      const title = one.kind === "freeze" ? "frozen" : `${one.kind} gate = ${one.value}`;
      const since = one.start ? ` from ${clock(timeOf(one.start))} on` : "";
      const remove = element("button", { type: "button", textContent: "✕" });
      remove.setAttribute("aria-label", `Undo: lstm_${one.layer}, ${one.of}, ${title}`);
      remove.addEventListener("click", () => { state.interventions = state.interventions.filter((other) => other !== one); run(); });
      return element("li", {}, element("span", { textContent: `lstm_${one.layer}, ${one.of}: ${title}${since}` }), remove);
    });
    const none = element("li", { className: "none", textContent: "Nothing yet: switch a gate of a unit above, or of a whole layer, and see what becomes of the decision." });
    $("changed").replaceChildren(...(rows.length ? rows : [none]));
    $("reset").disabled = !rows.length;
  }

  // --- words --------------------------------------------------------------------------------------------------
  const timeOf = (step) => times.start_s + (step + 0.5) * times.step_s;
  const clock = (seconds) => vadDraw.clock(seconds, 2);
  const length = (spans) => spans.reduce((sum, [start, end]) => sum + end - start, 0) / rate;
  const counted = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  const isSpeech = (spans, step) => {
    const sample = (data.first_frame + step - data.lookahead) * data.grid.hop_length + data.grid.win_length / 2;
    return spans.some(([start, end]) => start <= sample && sample < end);
  };

  function showSummary() {
    const told = (spans) => `${counted(spans.length, "segment")}, ${length(spans).toFixed(2)} s of speech`;
    const change = state.interventions.length ? ` → ${told(state.segments)}` : "";
    $("summary").textContent = `${clock(whole.start)} to ${clock(whole.end)}${data.limit}: ${told(state.originals)}${change}`;
  }

  function showDecision() {
    const judged = state.step - data.lookahead;
    $("clock").textContent = `step ${state.step} of ${steps - 1}: hears ${clock(timeOf(state.step))}${judged < 0 ? "" : `, decides ${clock(timeOf(judged))}`}`;
    $("command").textContent = `vad explain ${data.command_name} --at ${Math.max(0, timeOf(Math.max(0, judged))).toFixed(3)}`;
    if (judged < 0) {
      $("verdict").textContent = "What this step decides lies before the part.";
      $("effect").textContent = "";
      return;
    }
    const now = state.posteriors[judged];
    const was = original[judged];
    const verdict = (spans) => (isSpeech(spans, state.step) ? "speech" : "not speech");
    $("verdict").replaceChildren("posterior ", element("b", { textContent: now.toFixed(3) }), ` · ${verdict(state.segments)}`);
    $("meter").style.width = `${100 * now}%`;
    $("meter-original").style.left = `calc(${100 * was}% - 1.5px)`;
    $("meter-threshold").style.left = `calc(${100 * data.rule.onset_threshold}% - 1px)`;
    const changed = state.interventions.length ? `As it was: ${was.toFixed(3)}, ${verdict(state.originals)}. ` : "";
    const logit = state.trace.logits[state.step];
    const confirm = data.rule.confirm_threshold;
    const sure = confirm === null ? "" : `; what nowhere reaches ${confirm} is dropped`;
    $("effect").textContent = `${changed}Logit ${vadUnit.number(logit)}; speech begins at a posterior of ${data.rule.onset_threshold} and ends below ${data.rule.offset_threshold}${sure}.`;
  }

  const life = (seconds) => (seconds === null ? "endless" : seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : seconds < 100 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(0)} min`);

  function showUnit() {
    const { layer, unit } = state;
    const about = data.units[layer];
    const switched = actsOn(layer, unit);
    for (const one of state.interventions) if (one.start > state.step && one.layer === layer && (one.units === null || one.units.includes(unit))) switched.delete(one.kind);
    $("unit-title").textContent = `lstm_${layer}, unit ${unit}`;
    const measured = Object.entries(about.correlations).map(([name, values]) => `${name} ${vadUnit.number(values[unit])}`);
    $("unit-note").textContent = `${data.singular[about.group[unit]]}; half-life ${life(about.half_life_s[unit])}; correlation with ${measured.join(", ")}`;
    vadUnit.showEquations(state, switched);
    vadUnit.showSwitches(actsOn(layer, unit));
    vadUnit.drawLines(state, times);
  }

  // --- units --------------------------------------------------------------------------------------------------
  let chips = new Map();

  function makeUnits() {
    const about = data.units[state.layer];
    chips = new Map();
    const rows = Object.keys(data.groups).filter((group) => about.group.includes(group)).map((group) => {
      const members = about.order.filter((unit) => about.group[unit] === group);
      const made = members.map((unit) => {
        const chip = element("span", { className: "chip", id: `unit-${unit}`, textContent: String(unit), title: `unit ${unit}: half-life ${life(about.half_life_s[unit])}` });
        chip.setAttribute("role", "option");
        chip.addEventListener("click", () => select(unit));
        chips.set(unit, chip);
        return chip;
      });
      const name = element("span", {}, data.groups[group], element("small", { textContent: ` ${members.length}` }));
      name.style.color = `var(--${group})`;
      const holder = element("span", { className: "chips" }, ...made);
      holder.setAttribute("role", "group");
      holder.setAttribute("aria-label", data.groups[group]);
      return element("div", { className: "row" }, name, holder);
    });
    $("units").replaceChildren(...rows);
    $("units-note").textContent = `lstm_${state.layer}: ${data.units[state.layer].words}. Coloured by the output h at this step; choose one to see its equations.`;
  }

  function showUnits() {
    const n = network.layers[state.layer].units;
    const h = state.trace.layers[state.layer].h;
    for (const [unit, chip] of chips) {
      const value = h[state.step * n + unit];
      [chip.style.background, chip.style.color] = vadHeat.signedColours(value);
      chip.classList.toggle("switched", actsOn(state.layer, unit).size > 0);
      chip.setAttribute("aria-selected", String(unit === state.unit));
    }
    $("units").setAttribute("aria-activedescendant", `unit-${state.unit}`);
  }

  function select(unit) {
    state.unit = unit;
    showUnits();
    showUnit();
    redraw();
  }

  function selectLayer(layer) {
    state.layer = layer;
    state.unit = data.units[layer].order[0];
    for (const tab of $("layers").children) tab.setAttribute("aria-selected", String(Number(tab.dataset.layer) === layer));
    makeUnits();
    select(state.unit);
  }

  // --- stepping -----------------------------------------------------------------------------------------------
  function showStep() {
    showDecision();
    showUnits();
    showUnit();
    redraw();
  }

  function go(step, { moves = true } = {}) {
    state.step = Math.min(steps - 1, Math.max(0, step));
    $("step").value = state.step;
    $("step").setAttribute("aria-valuetext", `${clock(timeOf(state.step))}`);
    state.gradient = null;
    if (moves && data.audio) audio.currentTime = Math.min(whole.end, timeOf(state.step)) - whole.start;
    keepInView(timeOf(state.step));
    showStep();
  }

  const seek = (time) => go(Math.floor((time - times.start_s) / times.step_s));

  function show(start, span) {
    const width = Math.min(whole.end - whole.start, Math.max(LEAST_SPAN, span));
    const from = Math.min(whole.end - width, Math.max(whole.start, start));
    state.view = { start: from, end: from + width };
    redraw();
  }

  function zoom(factor, about = timeOf(state.step)) {
    const { start, end } = state.view;
    const centre = about < start || about > end ? (start + end) / 2 : about;
    const span = Math.min(whole.end - whole.start, Math.max(LEAST_SPAN, (end - start) / factor));
    show(centre - ((centre - start) / (end - start)) * span, span);
  }

  function keepInView(time) {
    const { start, end } = state.view;
    if (time < start || time > end) show(time - (time > end ? 0.1 : 0.9) * (end - start), end - start);
  }

  let asked = false;
  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }

  function draw() {
    if ($("saliency").checked && state.gradient === null && !state.playing) {
      state.gradient = vadLstm.saliency(network, plain, before, state.step, BACK_STEPS);
    }
    vadLanes.draw({ state, data, times, wave, bands, original, peaks, now: timeOf(state.step), rate });
  }

  // --- playing ------------------------------------------------------------------------------------------------
  const timer = { since: 0, from: 0 };

  async function toggle() {
    if (state.playing) return showPlaying(false);
    if (state.step >= steps - 1 - data.lookahead) go(0);
    if (data.audio) await audio.play();
    Object.assign(timer, { since: performance.now(), from: state.step });
    showPlaying(true);
  }

  function showPlaying(playing) {
    if (!playing && data.audio) audio.pause();
    if (playing === state.playing) return;
    state.playing = playing;
    state.gradient = null;
    $("play").firstChild.data = playing ? "❚❚ " : "▶ ";
    $("play").lastElementChild.textContent = playing ? "Pause" : "Play";
    if (playing) follow();
    else showStep();
  }

  function follow() {
    if (!state.playing) return;
    const elapsed = ((performance.now() - timer.since) / 1000) * Number($("rate").value);
    const step = data.audio ? Math.floor((whole.start + audio.currentTime - times.start_s) / times.step_s) : timer.from + Math.floor(elapsed / times.step_s);
    if (step >= steps - 1 || (data.audio && audio.ended)) { go(steps - 1, { moves: false }); return showPlaying(false); }
    if (step !== state.step) go(step, { moves: false });
    requestAnimationFrame(follow);
  }

  function prepareAudio() {
    if (!data.audio) {
      $("silent").hidden = false;
      $("silent").textContent = data.silent;
      return;
    }
    const bytes = Uint8Array.from(atob(data.audio.data), (c) => c.charCodeAt(0));
    audio.src = URL.createObjectURL(new Blob([bytes], { type: data.audio.type }));
    audio.preservesPitch = true;
    audio.addEventListener("error", () => {
      $("silent").hidden = false;
      $("silent").textContent = `This browser cannot play ${data.audio.type}: it steps without sound.`;
      data.audio = null;
    });
  }

  // --- keys and buttons ---------------------------------------------------------------------------------------
  const reset = () => { state.interventions = []; run(); };
  const KEYS = {
    " ": toggle, "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "0": () => show(whole.start, Infinity),
    ArrowLeft: (event) => go(state.step - (event.shiftKey ? 10 : 1)), ArrowRight: (event) => go(state.step + (event.shiftKey ? 10 : 1)),
    Home: () => go(0), End: () => go(steps - 1), m: () => go(data.moment.step), r: reset,
  };

  function tieKeys() {
    document.addEventListener("keydown", (event) => {
      const busy = event.target.closest("input, select, button, #units") !== null;
      const taken = event.key === " " || event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
      if (event.ctrlKey || event.metaKey || event.altKey || (busy && taken)) return;
      const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    });
    $("units").addEventListener("keydown", (event) => {
      const { order } = data.units[state.layer];
      const moved = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -order.length, End: order.length }[event.key];
      if (moved === undefined) return;
      event.preventDefault();
      select(order[Math.min(order.length - 1, Math.max(0, order.indexOf(state.unit) + moved))]);
    });
  }

  function tieButtons() {
    const actions = {
      play: toggle, back: () => go(state.step - 1), on: () => go(state.step + 1), back10: () => go(state.step - 10), on10: () => go(state.step + 10),
      in: () => zoom(2), out: () => zoom(0.5), fit: () => show(whole.start, Infinity), reset, "to-moment": () => go(data.moment.step),
      theme: () => {
        const root = document.documentElement;
        const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        showStep();
      },
    };
    for (const [id, act] of Object.entries(actions)) $(id).addEventListener("click", act);
    for (const id of ["saliency", "difference"]) $(id).addEventListener("change", redraw);
    $("step").max = steps - 1;
    $("step").addEventListener("input", () => go(Number($("step").value)));
    $("rate").addEventListener("change", () => { audio.playbackRate = Number($("rate").value); Object.assign(timer, { since: performance.now(), from: state.step }); });
    network.layers.forEach((layer, index) => {
      const tab = element("button", { type: "button", textContent: `lstm_${index}` });
      tab.setAttribute("role", "tab");
      tab.dataset.layer = String(index);
      tab.addEventListener("click", () => selectLayer(index));
      $("layers").append(tab);
    });
  }

  const holder = { view: () => state.view, show, zoom, seek };
  vadPointers.tie($("heard"), holder);
  vadPointers.tie($("gates"), holder);
  // A click, not a drag or the start of a scroll.
  let pressed = null;
  $("gates").addEventListener("pointerdown", (event) => { pressed = [event.clientX, event.clientY]; });
  $("gates").addEventListener("click", (event) => {
    if (pressed === null || Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 4) return;
    const unit = vadLanes.unitAt(event, $("gates"), data.units[state.layer].order);
    if (unit !== null) select(unit);
  });
  $("lives").addEventListener("click", (event) => {
    const unit = vadLanes.lifeAt(event, $("lives"), data.units[state.layer], data.groups);
    if (unit !== null) select(unit);
  });
  vadUnit.makeSwitches(choose);
  tieKeys();
  tieButtons();
  prepareAudio();
  state.posteriors = original;
  state.segments = state.originals;
  selectLayer(state.layer);
  go(data.moment.step);
  run();
  new ResizeObserver(redraw).observe($("heard"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showStep);
  // For tests, and for whoever likes to look from the console.
  window.vadExplain = { state, data, go, select, selectLayer, choose, reset, run, show, zoom, times, original, numbers: () => vadUnit.numbers(state) };
})();
