"""The figures of a study."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from vad.config.model import Cell
from vad.pictures.figure import save_drawn
from vad.pictures.palette import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILION
from vad.study.gains import Gains
from vad.study.summary import MEMORY_TASKS, Summary, median_gain, memory_state

_FLOOR, _CEILING = 1e-6, 1e4
_COLUMNS = 4
# Curve of the contrast between cells: variant, state, colour, dashes.
_CONTRAST: tuple[tuple[Cell, str, str, str], ...] = (
    ("lstm", "c", BLUE, "-"),
    ("lstm", "h", BLUE, ":"),
    ("no-forget-gate", "c", GREEN, "-"),
    ("gru", "h", PURPLE, "--"),
    ("rnn", "h", VERMILION, "-."),
)


def write_figures(summary: Summary, folder: Path) -> list[Path]:
    """Draws what there are results for; the same results give the same bytes.

    Args:
        summary: of a study.
        folder: for the PNG files, whose names begin with the study's.

    Returns:
        What was written.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    rows = len(summary.study.variants)
    drawn = []
    if summary.speech:
        drawn.append(("speech", (7.0, 0.9 + 0.26 * rows), draw_speech))
    if summary.memory:
        columns = len(MEMORY_TASKS) * len(summary.study.memory.gate_biases)
        drawn.append(("memory", (1.6 + 2.1 * columns, 0.9 + 0.3 * rows), draw_memory))
        drawn.append(("gradient", (10.0, 3.6), draw_gradient))
        drawn.append(("gradients", (10.0, 1.0 + 1.75 * -(-(rows + 1) // _COLUMNS)), draw_gradients))
    if summary.speed is not None:
        drawn.append(("cost", (10.0, 0.9 + 0.26 * rows), draw_cost))
    paths = []
    for name, size, draw in drawn:
        path = folder / f"{summary.study.name}-{name}.png"
        save_drawn(lambda figure, draw=draw: draw(figure, summary), path, size=size, dpi=110)  # type: ignore[misc]
        paths.append(path)
    return paths


def draw_speech(figure: Any, summary: Summary) -> None:
    """Draws the ROC-AUC of every seed, and their mean, variant by variant."""
    axes = figure.subplots()
    _name_rows(axes, summary.study.variants)
    for row, variant in enumerate(summary.study.variants):
        aucs = summary.aucs(variant)
        if aucs:
            axes.plot(aucs, [row] * len(aucs), "o", color=BLUE, markersize=4, alpha=0.6, linewidth=0)
            axes.plot([statistics.mean(aucs)], [row], "|", color=INK, markersize=13, markeredgewidth=1.6)
    axes.set_xlabel("ROC-AUC on the dev mixtures (dots: seeds, bar: their mean)")


def draw_memory(figure: Any, summary: Summary) -> None:
    """Draws for every task and beginning of the gates how many seeds solved each length, and after how many updates."""
    study = summary.study
    columns = [(task, bias) for task in MEMORY_TASKS for bias in study.memory.gate_biases]
    all_axes = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for axes, (task, bias) in zip(all_axes, columns, strict=True):
        axes.set_title(f"{task}, bias {bias}", fontsize=9.5, color=INK)
        axes.set_xticks(range(len(study.memory.lengths)), [f"{length:,}" for length in study.memory.lengths])
        axes.set_xlim(-0.5, len(study.memory.lengths) - 0.5)
        axes.set_xlabel("length, steps")
        axes.tick_params(length=0)
        for row, variant in enumerate(study.variants):
            chains = summary.chains(task, bias, variant)
            for column, length in enumerate(study.memory.lengths):
                _tile(axes, (column, row), [chain[length] for chain in chains if length in chain], len(chains))
    _name_rows(all_axes[0], study.variants)


def _tile(axes: Any, place: tuple[int, int], tried: Sequence[Any], seeds: int) -> None:
    from matplotlib.patches import Rectangle

    column, row = place
    solved = [result.updates for result in tried if result.solved]
    share = len(solved) / seeds if seeds else 0.0
    # From nothing to blue; the numbers say the same to those who do not see the shade.
    axes.add_patch(Rectangle((column - 0.47, row - 0.44), 0.94, 0.88, facecolor=BLUE, alpha=0.75 * share, linewidth=0))
    if not tried:
        axes.text(column, row, "·", ha="center", va="center", fontsize=11, color=MUTED)
        return
    text = f"{len(solved)}/{seeds}" + (f"\n{statistics.median_low(solved)}" if solved else "")
    axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=INK, linespacing=0.95)


def draw_gradient(figure: Any, summary: Summary) -> None:
    """Draws how LSTM, GRU and plain RNN carry a gradient: fresh, with gates that begin for long memories, trained."""
    biases = summary.study.memory.gate_biases[::-1]
    all_axes = figure.subplots(1, len(biases) + 1, sharey=True, squeeze=False)[0]
    panels = [(f"fresh, bias {bias}, on cues", partial(summary.fresh_gains, bias)) for bias in biases]
    panels.append(("trained on speech", partial(summary.speech_gains, when="after")))
    for axes, (title, found) in zip(all_axes, panels, strict=True):
        axes.set_title(title, fontsize=9.5, color=INK)
        for variant, state, colour, dashes in _CONTRAST:
            _curve(axes, found(variant), state, (colour, dashes, variant))
        _frame_gains(axes)
    all_axes[0].set_ylabel("gain")
    handles, labels = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=8, handlelength=2.6, loc="outside right center")


def draw_gradients(figure: Any, summary: Summary) -> None:
    """Draws the gain of the remembering state of every variant, fresh and trained, on cue and on speech."""
    study = summary.study
    grid = figure.subplots(-(-(len(study.variants) + 1) // _COLUMNS), _COLUMNS, sharex=True, sharey=True, squeeze=False)
    all_axes = [axes for row in grid for axes in row]
    for axes, variant in zip(all_axes, study.variants, strict=False):
        axes.set_title(variant, fontsize=9, color=INK)
        for colour, bias in zip((BLUE, ORANGE), study.memory.gate_biases, strict=False):
            _curve(axes, summary.fresh_gains(bias, variant), None, (colour, ":", f"cue, bias {bias}, fresh"))
            _curve(axes, summary.cue_gains(bias, variant), None, (colour, "-", f"cue, bias {bias}, trained"))
        _curve(axes, summary.speech_gains(variant, "after"), None, (VERMILION, "--", "speech, trained"))
        _frame_gains(axes)
    handles, labels = all_axes[0].get_legend_handles_labels()
    for axes in all_axes[len(study.variants) :]:
        axes.set_axis_off()
    legend = {"frameon": False, "fontsize": 8, "loc": "center", "handlelength": 2.6, "borderpad": 0.0}
    all_axes[len(study.variants)].legend(handles, labels, **legend)
    for row in grid:
        row[0].set_ylabel("gain")


def _curve(axes: Any, found: Sequence[Gains], state: str | None, look: tuple[str, str, str]) -> None:
    """Draws the median over seeds of a gain; without a state, of the one that remembers."""
    if not found:
        return
    name = memory_state(found[0]) if state is None else state
    colour, dashes, label = look
    distances = found[0]["distance"]
    values = [median_gain(found, name, round(distance)) for distance in distances]
    # What has vanished lies on the floor of the picture, not below it.
    heights = [float("nan") if value is None else max(value, _FLOOR) for value in values]
    shown = label if state is None else f"{label}, {'∂c/∂c' if name == 'c' else '∂h/∂h'}"
    axes.plot(distances, heights, color=colour, linestyle=dashes, linewidth=1.4, label=shown)


def _frame_gains(axes: Any) -> None:
    # Written out: this package's pictures have no formulas in their texts, which powers of ten on ticks would be.
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1, 2500)
    axes.set_ylim(_FLOOR, _CEILING)
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.set_yticks([1e-6, 1e-4, 1e-2, 1, 1e2, 1e4], ["≤ 10⁻⁶", "10⁻⁴", "0.01", "1", "100", "10⁴"])
    axes.minorticks_off()
    axes.set_xlabel("distance, steps")
    axes.label_outer()
    axes.axhline(1.0, color=MUTED, linewidth=0.5)


def draw_cost(figure: Any, summary: Summary) -> None:
    """Draws the speed of training against the first variant, and the time of a step of the exported model."""
    speed = summary.speed
    if speed is None:
        return
    left, right = figure.subplots(1, 2, sharey=True)
    _name_rows(left, summary.study.variants)
    for row, variant in enumerate(summary.study.variants):
        if variant not in speed.relative:
            continue
        low, middle, high = speed.relative[variant]
        left.barh(row, middle, height=0.6, color=BLUE, alpha=0.55)
        left.plot([low, high], [row, row], color=INK, linewidth=1.2)
    for (frames, found), marker, colour in zip(speed.step_us.items(), "os", (VERMILION, GREEN), strict=False):
        rows = [row for row, variant in enumerate(summary.study.variants) if variant in found]
        times = [found[summary.study.variants[row]] for row in rows]
        unit = "frame" if frames == "1" else "frames"
        right.plot(times, rows, marker, color=colour, markersize=5, label=f"{frames} {unit} a call")
    left.set_xlabel("training, frames/s against the first (line: quartiles)")
    right.set_xlabel("step model in LiteRT, µs a frame")
    right.set_xlim(left=0)
    right.legend(frameon=False, fontsize=8)


def _name_rows(axes: Any, variants: Sequence[Cell]) -> None:
    axes.set_yticks(range(len(variants)), variants)
    axes.set_ylim(len(variants) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
