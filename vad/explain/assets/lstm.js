// The network of vad/explain/forward.py and gradient.py in float64, function by function; tests hold the two equal.
"use strict";

const vadLstm = (() => {
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  const GATES = ["input", "forget", "output"];

  // What is forced in a layer; of several for the same gate or unit the last one counts. As interventions.Plan.
  function makePlan(interventions, layer, n) {
    const plan = {};
    for (const one of interventions) {
      if (one.layer !== layer) continue;
      const part = (plan[one.kind] ??= { starts: new Float64Array(n).fill(Infinity), values: new Float64Array(n) });
      for (const unit of one.units === null ? Array(n).keys() : one.units) {
        part.starts[unit] = one.start;
        part.values[unit] = one.value;
      }
    }
    return plan;
  }

  // y[t] = x[t]·W + b for all steps.
  function project(layer, x, steps) {
    const { inputs, units, kernel, bias } = layer;
    const wide = 4 * units;
    const projected = new Float64Array(steps * wide);
    for (let t = 0; t < steps; t++) {
      const row = projected.subarray(t * wide, (t + 1) * wide);
      row.set(bias);
      for (let j = 0; j < inputs; j++) {
        const value = x[t * inputs + j];
        if (value === 0) continue;
        const from = j * wide;
        for (let k = 0; k < wide; k++) row[k] += value * kernel[from + k];
      }
    }
    return projected;
  }

  // Returns i, f, g (the candidate), o, c and h of every step, (steps × units) each.
  function runLayer(layer, projected, steps, before, plan) {
    const n = layer.units;
    const wide = 4 * n;
    const { recurrent } = layer;
    const trace = Object.fromEntries([..."ifgoch"].map((name) => [name, new Float64Array(steps * n)]));
    const z = new Float64Array(wide);
    let h = before.h;
    let c = before.c;
    const forced = (kind, t, unit, value) => (plan[kind] && plan[kind].starts[unit] <= t ? plan[kind].values[unit] : value);
    for (let t = 0; t < steps; t++) {
      z.set(projected.subarray(t * wide, (t + 1) * wide));
      for (let j = 0; j < n; j++) {
        const value = h[j];
        if (value === 0) continue;
        const from = j * wide;
        for (let k = 0; k < wide; k++) z[k] += value * recurrent[from + k];
      }
      const at = t * n;
      for (let u = 0; u < n; u++) {
        const i = forced("input", t, u, sigmoid(z[u]));
        const f = forced("forget", t, u, sigmoid(z[n + u]));
        const g = Math.tanh(z[2 * n + u]);
        const o = forced("output", t, u, sigmoid(z[3 * n + u]));
        const frozen = plan.freeze !== undefined && plan.freeze.starts[u] <= t;
        const cell = frozen ? c[u] : f * c[u] + i * g;
        trace.i[at + u] = i;
        trace.f[at + u] = f;
        trace.g[at + u] = g;
        trace.o[at + u] = o;
        trace.c[at + u] = cell;
        trace.h[at + u] = frozen ? h[u] : o * Math.tanh(cell);
      }
      h = trace.h.subarray(at, at + n);
      c = trace.c.subarray(at, at + n);
    }
    return trace;
  }

  // Runs the network; layers below the lowest intervention are taken from a run without any.
  function run(network, frames, steps, before, interventions = [], plain = null) {
    const layers = [];
    // Nothing that is switched comes before what the first layer sees.
    const { inputs, means } = plain ?? (network.pcen ? vadPcen.run(network.pcen, frames, steps, before.mean) : { inputs: frames, means: null });
    let x = inputs;
    let same = plain !== null;
    network.layers.forEach((layer, index) => {
      same &&= !interventions.some((one) => one.layer === index);
      if (same) {
        layers.push(plain.layers[index]);
      } else {
        const plan = makePlan(interventions, index, layer.units);
        layers.push(runLayer(layer, project(layer, x, steps), steps, before.layers[index], plan));
      }
      x = layers[index].h;
    });
    return { steps, frames, inputs, means, layers, logits: same ? plain.logits : logitsOf(network, x, steps) };
  }

  function logitsOf(network, h, steps) {
    const n = network.output.length;
    const logits = new Float64Array(steps);
    for (let t = 0; t < steps; t++) {
      let sum = network.offset;
      for (let u = 0; u < n; u++) sum += h[t * n + u] * network.output[u];
      logits[t] = sum;
    }
    return logits;
  }

  // x·W, h·U and b of the four gates of one unit at one step, in the order i, f, c̃, o; and the cell state before it.
  function terms(network, trace, before, index, unit, step) {
    const layer = network.layers[index];
    const { inputs, units: n, kernel, recurrent, bias } = layer;
    const x = index === 0 ? trace.inputs : trace.layers[index - 1].h;
    const own = trace.layers[index];
    const h = step ? own.h.subarray((step - 1) * n, step * n) : before.layers[index].h;
    const c = step ? own.c[(step - 1) * n + unit] : before.layers[index].c[unit];
    const sums = [0, 1, 2, 3].map((gate) => {
      const column = gate * n + unit;
      let fromX = 0;
      let fromH = 0;
      for (let j = 0; j < inputs; j++) fromX += x[step * inputs + j] * kernel[j * 4 * n + column];
      for (let j = 0; j < n; j++) fromH += h[j] * recurrent[j * 4 * n + column];
      return { x: fromX, h: fromH, b: bias[column] };
    });
    return { sums, c };
  }

  // Gradient of a step's logit by the frames of the last `back` steps, (back × bands), oldest first.
  function saliency(network, trace, before, step, back) {
    const first = Math.max(0, step + 1 - back);
    const steps = step + 1 - first;
    const top = network.layers.length - 1;
    const wide = network.layers[top].units;
    let byOutput = new Float64Array(steps * wide);
    byOutput.set(network.output, (steps - 1) * wide);
    for (let index = top; index >= 0; index--) {
      byOutput = throughLayer(network.layers[index], trace.layers[index], before.layers[index].c, byOutput, first, steps);
    }
    const gradient = network.pcen ? vadPcen.back(network.pcen, trace.frames, trace.means, byOutput, first, steps) : byOutput;
    return { first, steps, gradient };
  }

  function throughLayer(layer, trace, begun, byH, first, steps) {
    const { inputs, units: n, kernel, recurrent } = layer;
    const wide = 4 * n;
    const byX = new Float64Array(steps * inputs);
    const z = new Float64Array(wide);
    const backH = new Float64Array(n);
    const backC = new Float64Array(n);
    for (let s = steps - 1; s >= 0; s--) {
      const t = first + s;
      for (let u = 0; u < n; u++) {
        const at = t * n + u;
        const i = trace.i[at];
        const f = trace.f[at];
        const g = trace.g[at];
        const o = trace.o[at];
        const former = t ? trace.c[at - n] : begun[u];
        const bent = Math.tanh(trace.c[at]);
        const dH = byH[s * n + u] + backH[u];
        const dC = backC[u] + dH * o * (1 - bent * bent);
        z[u] = dC * g * i * (1 - i);
        z[n + u] = dC * former * f * (1 - f);
        z[2 * n + u] = dC * i * (1 - g * g);
        z[3 * n + u] = dH * bent * o * (1 - o);
        backC[u] = dC * f;
      }
      for (let j = 0; j < n; j++) backH[j] = dot(recurrent, j * wide, z);
      for (let j = 0; j < inputs; j++) byX[s * inputs + j] = dot(kernel, j * wide, z);
    }
    return byX;
  }

  function dot(matrix, from, z) {
    let sum = 0;
    for (let k = 0; k < z.length; k++) sum += matrix[from + k] * z[k];
    return sum;
  }

  return { GATES, run, saliency, sigmoid, terms };
})();
