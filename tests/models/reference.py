"""Recurrent cells once more, from the papers, in NumPy: forward, and backward through time by hand.

Shares nothing with the package but the names of the weights. Works in float64, and in complex128 as far as the forward
pass goes, for derivatives by complex step: every function here is analytic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EPSILON = 1e-5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def norm(x):
    """Returns x with mean 0 and variance 1, and the deviation it was divided by."""
    centred = x - x.mean()
    deviation = np.sqrt((centred**2).mean() + EPSILON)
    return centred / deviation, deviation


def norm_back(d, n, deviation):
    """Ba et al. (2016): the gradient less its mean and what of it points along the output."""
    return (d - d.mean() - n * (d * n).mean()) / deviation


@dataclass(frozen=True)
class Sums:
    """s = W·x + R·h + b, or with layer normalisation a∘N(W·x) + e∘N(R·h) + b."""

    def forward(self, w, x, recurrent):
        a = x @ w["kernel"]
        if "input_gain" not in w:
            return a + recurrent + w["bias"], ()
        na, da = norm(a)
        nr, dr = norm(recurrent)
        return na * w["input_gain"] + nr * w["recurrent_gain"] + w["bias"], (na, da, nr, dr)

    def backward(self, w, g, kept, ds, dr=None):
        """Adds to the gradients g; returns those of W·x and of R·h (`dr`: of the latter's share, where it differs)."""
        dr = ds if dr is None else dr
        g["bias"] += ds
        if not kept:
            return ds, dr
        na, deviation_a, nr, deviation_r = kept
        g["input_gain"] += ds * na
        g["recurrent_gain"] += dr * nr
        return norm_back(ds * w["input_gain"], na, deviation_a), norm_back(dr * w["recurrent_gain"], nr, deviation_r)


@dataclass(frozen=True)
class Lstm:
    """The LSTM of Greff et al. (2017), appendix, with every part of it there or not.

    Args:
        blocks: order of the columns.
        coupled: f = 1 - i.
        peephole, recurrence: as the cells of these names.
        squash_in, squash_out: tanh of the candidate, of the cell.
    """

    blocks: str = "ifzo"
    coupled: bool = False
    peephole: bool = False
    recurrence: bool = False
    squash_in: bool = True
    squash_out: bool = True

    @property
    def states(self):
        return "hcifo" if self.recurrence else "hc"

    def recurrent(self, w, s):
        total = s["h"] @ w["recurrent"]
        if self.recurrence:
            i, f, o = np.split(np.concatenate([s["i"], s["f"], s["o"]]) @ w["gates"], 3)
            total = total + np.concatenate([i, f, 0 * i, o])
        return total

    def step(self, w, x, s):
        sums, kept = Sums().forward(w, x, self.recurrent(w, s))
        sums = dict(zip(self.blocks, np.split(sums, len(self.blocks)), strict=True))
        c = s["c"]
        peep = {gate: w[f"peephole_{gate}"] if self.peephole else 0.0 for gate in "ifo"}
        one = np.ones_like(c)
        i = sigmoid(sums["i"] + peep["i"] * c) if "i" in self.blocks else one
        f = sigmoid(sums["f"] + peep["f"] * c) if "f" in self.blocks else (1 - i if self.coupled else one)
        z = np.tanh(sums["z"]) if self.squash_in else sums["z"]
        new = f * c + i * z
        o = sigmoid(sums["o"] + peep["o"] * new) if "o" in self.blocks else one
        n, deviation = norm(new) if "cell_gain" in w else (None, None)
        seen = new if n is None else n * w["cell_gain"] + w["cell_offset"]
        k = np.tanh(seen) if self.squash_out else seen
        y = o * k
        h = y @ w["projection"] if "projection" in w else y
        return {"h": h, "c": new, "i": i, "f": f, "o": o}, (x, s, kept, i, f, z, new, o, n, deviation, k, y)

    def step_back(self, w, g, tape, d):
        """Takes gradients d of the states after the step; returns those of x and of the states before it."""
        x, s, kept, i, f, z, new, o, n, deviation, k, y = tape
        dh = d["h"]
        if "projection" in w:
            g["projection"] += np.outer(y, dh)
            dh = w["projection"] @ dh
        do, dseen = dh * k + d.get("o", 0), dh * o * (1 - k**2 if self.squash_out else 1)
        dc = d["c"].copy()
        if n is None:
            dc += dseen
        else:
            g["cell_gain"] += dseen * n
            g["cell_offset"] += dseen
            dc += norm_back(dseen * w["cell_gain"], n, deviation)
        ds = {"o": do * o * (1 - o)}
        if self.peephole:
            g["peephole_o"] += ds["o"] * new
            dc += w["peephole_o"] * ds["o"]
        di, df = dc * z + d.get("i", 0), dc * s["c"] + d.get("f", 0)
        if self.coupled:
            di = di - df
        ds |= {"i": di * i * (1 - i), "f": df * f * (1 - f), "z": dc * i * (1 - z**2 if self.squash_in else 1)}
        before = dc * f
        if self.peephole:
            for gate in "if":
                g[f"peephole_{gate}"] += ds[gate] * s["c"]
                before = before + w[f"peephole_{gate}"] * ds[gate]
        da, dr = Sums().backward(w, g, kept, np.concatenate([ds[block] for block in self.blocks]))
        g["kernel"] += np.outer(x, da)
        g["recurrent"] += np.outer(s["h"], dr)
        back = {"h": w["recurrent"] @ dr, "c": before}
        if self.recurrence:
            i_sum, f_sum, _, o_sum = np.split(dr, 4)
            dgates = np.concatenate([i_sum, f_sum, o_sum])
            g["gates"] += np.outer(np.concatenate([s["i"], s["f"], s["o"]]), dgates)
            back |= dict(zip("ifo", np.split(w["gates"] @ dgates, 3), strict=True))
        return w["kernel"] @ da, back


@dataclass(frozen=True)
class Gru:
    """The GRU of Cho et al. (2014), the reset gate after the product, as cuDNN has it."""

    blocks: str = "zrn"
    states: str = "h"

    def step(self, w, x, s):
        heard, kept = x @ w["kernel"] + w["bias"], ()
        own = s["h"] @ w["recurrent"]
        if "input_gain" in w:
            (na, da), (nr, dr) = norm(x @ w["kernel"]), norm(own)
            heard, own = na * w["input_gain"] + w["bias"], nr * w["recurrent_gain"]
            kept = (na, da, nr, dr)
        own = own + w["recurrent_bias"]
        (xz, xr, xn), (hz, hr, hn) = np.split(heard, 3), np.split(own, 3)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        n = np.tanh(xn + r * hn)
        return {"h": z * s["h"] + (1 - z) * n}, (x, s, kept, z, r, n, hn)

    def step_back(self, w, g, tape, d):
        x, s, kept, z, r, n, hn = tape
        dh = d["h"]
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (s["h"] - n) * z * (1 - z)
        dr = dn * hn * r * (1 - r)
        heard, own = np.concatenate([dz, dr, dn]), np.concatenate([dz, dr, dn * r])
        g["recurrent_bias"] += own
        da, down = Sums().backward(w, g, kept, heard, own)
        g["kernel"] += np.outer(x, da)
        g["recurrent"] += np.outer(s["h"], down)
        return w["kernel"] @ da, {"h": w["recurrent"] @ down + dh * z}


@dataclass(frozen=True)
class Rnn:
    """Elman (1990)."""

    blocks: str = "n"
    states: str = "h"

    def step(self, w, x, s):
        total, kept = Sums().forward(w, x, s["h"] @ w["recurrent"])
        h = np.tanh(total)
        return {"h": h}, (x, s, kept, h)

    def step_back(self, w, g, tape, d):
        x, s, kept, h = tape
        da, dr = Sums().backward(w, g, kept, d["h"] * (1 - h**2))
        g["kernel"] += np.outer(x, da)
        g["recurrent"] += np.outer(s["h"], dr)
        return w["kernel"] @ da, {"h": w["recurrent"] @ dr}


CELLS = {
    "lstm": Lstm(),
    "peephole": Lstm(peephole=True),
    "cifg": Lstm(blocks="izo", coupled=True),
    "gru": Gru(),
    "no-input-gate": Lstm(blocks="fzo"),
    "no-forget-gate": Lstm(blocks="izo"),
    "no-output-gate": Lstm(blocks="ifz"),
    "no-input-activation": Lstm(squash_in=False),
    "no-output-activation": Lstm(squash_out=False),
    "full-gate-recurrence": Lstm(recurrence=True),
    "rnn": Rnn(),
}


def run(cell, w, x, state):
    """Returns the outputs of a sequence ``(time, inputs)``, the states after it, and what `back` needs."""
    outputs, tapes = [], []
    for row in x:
        new, tape = cell.step(w, row, state)
        state = {name: new[name] for name in cell.states}
        outputs.append(state["h"])
        tapes.append(tape)
    return np.stack(outputs), state, tapes


def back(cell, w, tapes, d_outputs, d_state):
    """Returns the gradients of weights, inputs and first states, of those of the outputs and the last states."""
    g = {name: np.zeros_like(array) for name, array in w.items()}
    dx = []
    for tape, d_output in zip(reversed(tapes), reversed(d_outputs), strict=True):
        d_state = d_state | {"h": d_state["h"] + d_output}
        d, d_state = cell.step_back(w, g, tape, d_state)
        dx.append(d)
    return g, np.stack(dx[::-1]), d_state
