// The panel of one unit: its equations with their live numbers, its lines around the step, its switches.
"use strict";

const vadUnit = (() => {
  const $ = (id) => document.getElementById(id);
  const KINDS = [["input", "i", "Input gate"], ["forget", "f", "Forget gate"], ["output", "o", "Output gate"]];
  const AROUND_S = 0.6;

  const number = (value) => {
    const text = Math.abs(value) >= 100 ? value.toFixed(1) : Math.abs(value) >= 10 ? value.toFixed(2) : value.toFixed(3);
    return text.replace("-", "−");
  };

  function element(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  // A number of which the tests read all digits.
  function live(name, value) {
    const made = element("b", { textContent: number(value) });
    made.dataset.name = name;
    made.dataset.value = String(value);
    return made;
  }

  function row(symbol, formula, filled, name, value, note = "") {
    const cell = element("td", {}, element("small", { textContent: formula }), ...filled, " = ", live(name, value));
    if (note) cell.append(element("span", { className: "forced", textContent: ` ${note}` }));
    return element("tr", {}, element("th", { textContent: symbol, scope: "row" }), cell);
  }

  // Everything about one unit at one step, from the page's state.
  function numbers({ network, trace, before, layer, unit, step }) {
    const own = trace.layers[layer];
    const at = step * network.layers[layer].units + unit;
    const { sums, c } = vadLstm.terms(network, trace, before, layer, unit, step);
    const values = Object.fromEntries([..."ifgoch"].map((name) => [name, own[name][at]]));
    return { sums, former: c, ...values };
  }

  function showEquations(state, switched) {
    const found = numbers(state);
    const gate = (letter, place, name) => {
      const { x, h, b } = found.sums[place];
      const squash = letter === "c̃" ? "tanh" : "σ";
      const value = letter === "c̃" ? found.g : found[letter];
      const kind = KINDS.find((one) => one[1] === letter);
      const forced = kind !== undefined && switched.has(kind[0]);
      const text = `${squash}(${number(x)} + ${number(h)} + ${number(b)})`;
      return row(letter, `${squash}(x·W + h·U + b)`, [text], name, value, forced ? "switched" : "");
    };
    const frozen = switched.has("freeze");
    const rows = [
      gate("i", 0, "i"),
      gate("f", 1, "f"),
      gate("c̃", 2, "g"),
      row("c", "f·c before + i·c̃", [`${number(found.f)}·(`, live("former", found.former), `) + ${number(found.i)}·(${number(found.g)})`], "c", found.c, frozen ? "frozen" : ""),
      gate("o", 3, "o"),
      row("h", "o·tanh(c)", [`${number(found.o)}·tanh(${number(found.c)})`], "h", found.h, frozen ? "frozen" : ""),
    ];
    if (state.layer === state.network.layers.length - 1) {
      const weight = state.network.output[state.unit];
      rows.push(row("vote", "w·h, its share of the logit", [`${number(weight)}·(${number(found.h)})`], "vote", weight * found.h));
    }
    $("equations").tBodies[0].replaceChildren(...rows);
  }

  function drawLines(state, times) {
    const { context, width, height } = vadDraw.prepare($("trace"), 108);
    const n = state.network.layers[state.layer].units;
    const own = state.trace.layers[state.layer];
    const now = times.start_s + (state.step + 0.5) * times.step_s;
    const view = { start: now - AROUND_S, end: now + AROUND_S };
    const box = { x: 0, y: 18, width, height: height - 18 };
    const line = (name, colour, bounds, style) => {
      const values = new Float64Array(state.trace.steps);
      for (let t = 0; t < values.length; t++) values[t] = own[name][t * n + state.unit];
      vadHeat.drawLine(context, values, times.start_s, times.step_s, view, box, bounds(values), { colour: vadDraw.colour(colour), ...style });
    };
    const shares = () => [-1, 1];
    context.fillStyle = vadDraw.colour("line");
    context.fillRect(0, box.y + box.height / 2, width, 1);
    line("i", "gate-i", shares, { width: 1.3, dash: [5, 3] });
    line("f", "gate-f", shares, { width: 1.5 });
    line("o", "gate-o", shares, { width: 1.3, dash: [2, 3] });
    line("c", "muted", (values) => { const peak = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9); return [-peak, peak]; }, { width: 1.2 });
    line("h", "ink", shares, { width: 2 });
    context.fillStyle = vadDraw.colour("play");
    context.fillRect(width / 2 - 0.75, box.y, 1.5, box.height);
    let x = 6;
    for (const [text, colour] of [["i dashed", "gate-i"], ["f", "gate-f"], ["o dotted", "gate-o"], ["h thick", "ink"], ["c, by its peak", "muted"]]) {
      context.font = "11px system-ui, sans-serif";
      context.fillStyle = vadDraw.colour(colour);
      context.fillText(text, x, 13);
      x += context.measureText(text).width + 12;
    }
  }

  // Three choices for each gate and two for freezing; `choose(kind, value)` is told, null being as it is.
  function makeSwitches(choose) {
    const choices = [...KINDS.map(([kind, , title]) => [kind, title, [["as it is", null], ["0", 0], ["1", 1]]]), ["freeze", "c and h", [["as they are", null], ["frozen", 0]]]];
    const rows = choices.map(([kind, title, options]) => {
      const buttons = options.map(([text, value]) => {
        const button = element("button", { type: "button", textContent: text, className: value === null ? "" : "acts" });
        Object.assign(button.dataset, { kind, value: String(value) });
        button.setAttribute("aria-label", `${title}: ${text}`);
        button.addEventListener("click", () => choose(kind, value));
        return button;
      });
      return element("div", { className: "switch" }, element("span", { textContent: title }), element("span", { className: "segments" }, ...buttons));
    });
    $("switches").replaceChildren(...rows);
  }

  // `switched` holds the value of each kind that acts on the unit.
  function showSwitches(switched) {
    for (const button of $("switches").querySelectorAll("button")) {
      const { kind, value } = button.dataset;
      const acts = switched.has(kind) ? String(switched.get(kind)) : "null";
      button.setAttribute("aria-pressed", String(kind === "freeze" && acts !== "null" ? value !== "null" : acts === value));
    }
  }

  return { KINDS, drawLines, element, makeSwitches, number, numbers, showEquations, showSwitches };
})();
