"""The inside of the network as a picture: what it heard and decided, gates and memory, and why at one moment."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vad.explain.explanation import Explanation
from vad.explain.gradient import PER_DB
from vad.explain.units import GROUPS, Units
from vad.explain.words import changes_words, decision_words, saliency_words, units_words
from vad.pictures.figure import DPI, draw_lanes, draw_mel, draw_posterior, draw_time, draw_wave, save_drawn
from vad.pictures.palette import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILION

__all__ = ["GROUP_COLOURS", "save_explanation"]

GROUP_COLOURS: Final = {
    "onset": GREEN,
    "offset": VERMILION,
    "speech": BLUE,
    "floor": ORANGE,
    "holder": PURPLE,
    "other": MUTED,
}
"""A colour for each group of units; its name always stands beside it."""

_SIGNALS: Final = (("i", "input gate"), ("f", "forget gate"), ("o", "output gate"), ("c", "cell state"))
_WIDTH: Final = 11.0
_ROW: Final = 1.35
_MOMENT: Final = 3.4
_ZOOM_S: Final = 1.2
# Names of groups are no nearer to each other than this share of an image's height.
_LEAST_GAP: Final = 0.17
_MOST_LINES: Final = 17


def save_explanation(explanation: Explanation, path: Path, *, dpi: int = DPI) -> None:
    """Draws an explanation into a file, which appears whole or not at all.

    Args:
        explanation: what is drawn.
        path: the file; its suffix, one of `vad.pictures.figure.FIGURE_SUFFIXES`, says the format.
        dpi: dots per inch of a PNG; the picture is 11 inches wide.

    Raises:
        MissingDependencyError: matplotlib is not installed; the message has the install line.
        VadError: when the file cannot be written.
    """
    n_layers = len(explanation.units)
    heights = [0.8, 1.2, 1.1, 0.3, *[_ROW] * (4 * n_layers), _MOMENT]

    def draw(figure: Any) -> None:
        figure.get_layout_engine().set(h_pad=0.02, hspace=0.0)
        parts = figure.subfigures(2, 1, height_ratios=[sum(heights[:-1]), _MOMENT])
        grid = parts[0].add_gridspec(len(heights) - 1, 2, width_ratios=[1, 0.16], height_ratios=heights[:-1])
        rows = [parts[0].add_subplot(grid[0, 0])]
        rows += [parts[0].add_subplot(grid[row, 0], sharex=rows[0]) for row in range(1, len(heights) - 1)]
        _draw_heard(rows[:4], explanation)
        for index in range(n_layers):
            beside = [parts[0].add_subplot(grid[4 + 4 * index + row, 1]) for row in range(4)]
            _draw_layer(rows[4 + 4 * index : 8 + 4 * index], beside, explanation, index)
        for axes in rows[:-1]:
            axes.tick_params(axis="x", labelbottom=False)
        draw_time(rows[-1], explanation.view)
        _draw_moment(parts[1], explanation)

    save_drawn(draw, path, size=(_WIDTH, 1.0 + 1.08 * sum(heights)), dpi=dpi)


def _draw_heard(rows: list[Any], explanation: Explanation) -> None:
    view = explanation.view
    for draw, axes in zip((draw_wave, draw_mel, draw_posterior, draw_lanes), rows, strict=True):
        draw(axes, view)
    legend = "gates: yellow open, dark shut; cell state: red above 0, blue below, by each unit's own peak"
    rows[0].set_title(f"{view.name}   ({legend})", loc="left", fontsize=8, color=INK)
    for text in rows[2].texts:
        # The names of the thresholds stand in the free column: no room is kept for them.
        text.set_in_layout(False)
    for axes in rows[:3]:
        axes.axvline(explanation.moment.time_s, color=VERMILION, linewidth=1.0)
    rows[0].annotate(
        f"{explanation.moment.time_s:.2f} s",
        (explanation.moment.time_s, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, -8),
        textcoords="offset points",
        fontsize=7.5,
        color=VERMILION,
    )


def _draw_layer(rows: list[Any], beside: list[Any], explanation: Explanation, index: int) -> None:
    units, trace, grid = explanation.units[index], explanation.trace.layers[index], explanation.view.grid
    first, n_steps = explanation.first_frame, len(explanation.trace.logits)
    extent = (grid.boundary(first) / grid.sample_rate, grid.boundary(first + n_steps) / grid.sample_rate)
    order = list(units.order)
    for axes, side, (name, title) in zip(rows, beside, _SIGNALS, strict=True):
        values: NDArray[np.float64] = getattr(trace, name)
        is_state = name == "c"
        if is_state:
            # A cell that counts reaches hundreds, one that follows stays within 1: each in shares of its own peak.
            values = values / np.maximum(np.abs(values).max(axis=0), 1e-9)
        axes.imshow(
            values[:, order].T,
            aspect="auto",
            cmap="RdBu_r" if is_state else "cividis",
            vmin=-1 if is_state else 0,
            vmax=1,
            extent=(*extent, len(order) - 0.5, -0.5),
            interpolation="antialiased",
        )
        _mark_groups(axes, units)
        axes.set_ylabel(f"lstm_{index}\n{title}")
        if name == "f":
            _draw_lives(side, units)
        elif name == "c":
            _draw_peaks(side, np.abs(trace.c).max(axis=0)[order], units)
        else:
            _draw_means(side, values.mean(axis=0)[order], units)
    rows[0].set_title(f"lstm_{index}: {units_words(units)}", loc="left", fontsize=7.2, color=INK)


def _runs(units: Units) -> list[tuple[str, int, int]]:
    """Returns each group that has units: its name, and its first row and the row after its last."""
    runs, start = [], 0
    for group, members in itertools.groupby(units.group[unit] for unit in units.order):
        stop = start + len(list(members))
        runs.append((group, start, stop))
        start = stop
    return runs


def _mark_groups(axes: Any, units: Units) -> None:
    """Names the groups on the left of an image, each with a bar of its rows, without their names overlapping."""
    runs = _runs(units)
    n = len(units.order)
    centres = [(start + stop) / 2 / n for _, start, stop in runs]
    places: list[float] = []
    for k, centre in enumerate(centres):
        # As near to its rows as the names above leave room, and those below still need.
        lowest = places[-1] + _LEAST_GAP if places else 0.04
        places.append(min(max(centre, lowest), 0.98 - _LEAST_GAP * (len(centres) - 1 - k)))
    for (group, start, stop), place in zip(runs, places, strict=True):
        colour = GROUP_COLOURS[group]
        bounds = (1 - start / n, 1 - stop / n)
        axes.plot([-0.006, -0.006], bounds, color=colour, linewidth=4, transform=axes.transAxes, clip_on=False,
                  solid_capstyle="butt")  # fmt: skip
        axes.text(-0.014, 1 - place, GROUPS[group], color=colour, fontsize=6.5, ha="right", va="center",
                  transform=axes.transAxes)  # fmt: skip
        if start:
            axes.axhline(start - 0.5, color="white", linewidth=0.7)
    axes.set_yticks([])
    axes.yaxis.set_label_coords(-0.155, 0.5)


def _colours(units: Units) -> list[str]:
    return [GROUP_COLOURS[units.group[unit]] for unit in units.order]


def _draw_lives(axes: Any, units: Units) -> None:
    lives = np.clip(units.half_life_s, 1e-3, 1e2)[list(units.order)]
    axes.scatter(lives, np.arange(len(lives)), c=_colours(units), s=6, linewidths=0)
    _fit_rows(axes, "half-life: 1 ms to 100 s", [1e-3, 1e-2, 1e-1, 1, 1e1, 1e2], units)


def _draw_peaks(axes: Any, peaks: NDArray[np.float64], units: Units) -> None:
    axes.scatter(np.clip(peaks, 1e-1, 1e3), np.arange(len(peaks)), c=_colours(units), s=6, linewidths=0)
    _fit_rows(axes, "peak of |c|: 0.1 to 1000", [1e-1, 1, 1e1, 1e2, 1e3], units)


def _draw_means(axes: Any, means: NDArray[np.float64], units: Units) -> None:
    axes.barh(np.arange(len(means)), means, height=1.0, color=_colours(units))
    _fit_rows(axes, "mean: 0 to 1", [0, 0.5, 1], units)


def _fit_rows(axes: Any, label: str, ticks: Sequence[float], units: Units) -> None:
    """Gives an axis beside an image the image's rows, and ticks; from the second on they may be powers of ten."""
    n = len(units.order)
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_yticks([])
    if min(ticks) > 0:
        axes.set_xscale("log")
    axes.set_xticks(ticks, [])
    axes.minorticks_off()
    axes.set_xlim(min(ticks), max(ticks))
    axes.tick_params(axis="x", length=2)
    axes.grid(axis="x", color=MUTED, alpha=0.25, linewidth=0.5)
    title = axes.set_title(label, fontsize=6.5, color=INK, pad=2)
    # It stands beside the image: no room is kept between the rows for it.
    title.set_in_layout(False)


def _draw_moment(figure: Any, explanation: Explanation) -> None:
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.05])
    _draw_saliency(left, explanation)
    right.set_axis_off()
    clauses = list(changes_words(explanation.moment))
    shown = clauses[:_MOST_LINES]
    if len(clauses) > len(shown):
        shown.append(f"  … and {len(clauses) - len(shown)} more lines on standard output")
    right.text(
        0,
        1,
        "\n".join(shown),
        va="top",
        ha="left",
        fontsize=7.2,
        color=INK,
        linespacing=1.35,
        transform=right.transAxes,
    )
    right.set_title("What would change the decision", loc="left", fontsize=8.5, color=INK)
    figure.suptitle(
        f"{decision_words(explanation)}\n{saliency_words(explanation)}", x=0.01, ha="left", fontsize=8, color=INK
    )


def _draw_saliency(axes: Any, explanation: Explanation) -> None:
    """Draws the gradient over the log-mel: red where more power speaks for speech, blue where it speaks against."""
    moment, grid = explanation.moment, explanation.view.grid
    step_s = grid.hop_length / grid.sample_rate
    first = max(0, moment.step + 1 - round(_ZOOM_S / step_s))
    frames = explanation.trace.frames[first : moment.step + 1]
    gradient = moment.saliency[first:] * PER_DB
    start = explanation.first_frame + first
    edges = [grid.boundary(frame) / grid.sample_rate for frame in (start, start + len(frames))]
    place = {"origin": "lower", "aspect": "auto", "extent": (*edges, 0, frames.shape[1])}
    low, high = np.percentile(frames, [2, 99.8])
    axes.imshow(frames.T, cmap="Greys", vmin=low, vmax=max(high * 1.3 - 0.3 * low, low + 1e-3), **place)
    peak = max(1e-9, float(np.percentile(np.abs(gradient), 99.7)))
    strength = np.clip(np.abs(gradient) / peak, 0, 1) ** 0.6
    image = axes.imshow(gradient.T, cmap="RdBu_r", vmin=-peak, vmax=peak, alpha=strength.T, **place)
    axes.axvline(moment.time_s, color=VERMILION, linewidth=1.0, linestyle="--")
    axes.set_xlabel("time, seconds")
    axes.set_ylabel("mel band")
    axes.set_title("Saliency: logit per dB, over the log-mel", loc="left", fontsize=8.5, color=INK)
    # A bar of its own: that of an image with varying opacity would be as faint as its first pixel.
    from matplotlib.cm import ScalarMappable

    bar = axes.figure.colorbar(ScalarMappable(norm=image.norm, cmap=image.cmap), ax=axes, fraction=0.04, pad=0.02)
    bar.ax.tick_params(labelsize=6.5)
