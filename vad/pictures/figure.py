"""A picture of a recording for print and pages: PNG, SVG or PDF, drawn by matplotlib."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vad.decision import DecisionRule
from vad.errors import MissingDependencyError, extra_line
from vad.files import replacing, writing
from vad.pictures.palette import BLUE, INK, LANES, MUTED
from vad.pictures.view import View
from vad.segments import Timeline

__all__ = [
    "DPI",
    "FIGURE_SUFFIXES",
    "STYLE",
    "draw_lanes",
    "draw_mel",
    "draw_posterior",
    "draw_time",
    "draw_wave",
    "save_drawn",
    "save_figure",
]

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")
"""Suffixes that matplotlib writes here."""

# From this many on posteriors are drawn as mean and envelope of columns: a line of more is a block of colour.
_MOST_POINTS = 4000
_COLUMNS = 1000
DPI = 150
"""Dots per inch of a PNG, unless stated."""
STYLE: Final = {
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.7,
    "path.simplify": True,
    # Names of files are no formulas, and the same picture is the same bytes on any day.
    "text.parse_math": False,
    "svg.hashsalt": "vad",
}


def save_figure(view: View, path: Path, *, dpi: int = DPI) -> None:
    """Draws a view into a file, which appears whole or not at all.

    Args:
        view: what is drawn.
        path: the file; its suffix, one of `FIGURE_SUFFIXES`, says the format.
        dpi: dots per inch of a PNG; the picture is 10 inches wide.

    Raises:
        MissingDependencyError: matplotlib is not installed; the message has the install line.
        VadError: when the file cannot be written.
    """
    n_lanes = 1 if view.reference is None else len(LANES)
    heights = [1.0, 1.5, 1.3, 0.16 + 0.22 * n_lanes]

    def draw(figure: Any) -> None:
        wave, mel, posterior, lanes = figure.subplots(4, 1, sharex=True, height_ratios=heights)
        draw_wave(wave, view)
        draw_mel(mel, view)
        draw_posterior(posterior, view)
        draw_lanes(lanes, view)
        draw_time(lanes, view)
        wave.set_title(_title(view), loc="left", fontsize=9.5, color=INK)
        figure.align_ylabels([wave, mel, posterior])

    save_drawn(draw, path, size=(10, 1.1 + 1.05 * sum(heights)), dpi=dpi)


def save_drawn(draw: Callable[[Any], None], path: Path, *, size: tuple[float, float], dpi: int = DPI) -> None:
    """Makes a figure in this package's style, has it drawn on, and writes it; errors as in `save_figure`.

    Args:
        draw: is called with the matplotlib figure.
        path: the file.
        size: of the figure, inches.
        dpi: dots per inch of a PNG.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "matplotlib", install=extra_line("plot"), purpose=f"a picture as {path.suffix}"
        ) from error
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, dpi=dpi, layout="constrained")
        draw(figure)
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower(), {})
        with writing(path), replacing(path) as temporary, warnings.catch_warnings():
            # A name in a script that the font lacks is drawn as boxes; the picture is no worse for it.
            warnings.filterwarnings("ignore", message="Glyph")
            figure.savefig(temporary, metadata=metadata)


def _title(view: View) -> str:
    shown = view.segments.crop(view.start_s, view.end_s)
    share = 100 * shown.speech_s / (view.end_s - view.start_s)
    text = f"{view.name}: {shown.speech_s:.2f} s of speech ({share:.0f} %), {_counted(len(shown), 'segment')}"
    if view.reference is None:
        return text
    missed = view.misses.crop(view.start_s, view.end_s).speech_s
    false = view.false_alarms.crop(view.start_s, view.end_s).speech_s
    return f"{text}; {missed:.2f} s missed, {false:.2f} s false alarm"


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _shade(axes: Any, view: View) -> None:
    """Puts the detected speech behind what an axis shows."""
    for segment in view.segments.crop(view.start_s, view.end_s):
        axes.axvspan(segment.start, segment.end, color=BLUE, alpha=0.12, linewidth=0)


def draw_wave(axes: Any, view: View) -> None:
    """Draws the waveform, detected speech behind it."""
    times = view.start_s + view.wave_bin_s * (np.arange(len(view.wave)) + 0.5)
    axes.fill_between(times, view.wave[:, 0], view.wave[:, 1], color=INK, linewidth=0.4)
    _shade(axes, view)
    peak = max(1e-4, float(np.abs(view.wave).max()))
    axes.set_ylim(-1.05 * peak, 1.05 * peak)
    axes.set_ylabel("amplitude")
    axes.locator_params(axis="y", nbins=3)


def draw_mel(axes: Any, view: View) -> None:
    """Draws the log-mel."""
    if len(view.mel):
        low, high = np.percentile(view.mel, [2, 99.8])
        stop = view.mel_start_s + view.mel_column_s * len(view.mel)
        axes.imshow(
            view.mel.T,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=low,
            vmax=max(high, low + 1e-3),
            extent=(view.mel_start_s, stop, 0, view.mel.shape[1]),
            interpolation="antialiased",
        )
    axes.set_ylabel("mel band")
    axes.locator_params(axis="y", nbins=4)


def draw_posterior(axes: Any, view: View) -> None:
    """Draws the posterior and its thresholds."""
    times, low, middle, high = _pooled(view)
    if low is not high:
        axes.fill_between(times, low, high, color=BLUE, alpha=0.3, linewidth=0)
    axes.fill_between(times, 0, low, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(times, middle, color=BLUE, linewidth=1.0)
    _draw_thresholds(axes, view.rule)
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel("posterior")


def _draw_thresholds(axes: Any, rule: DecisionRule) -> None:
    """Draws a line for each threshold, named where there is room."""
    axes.axhline(rule.onset_threshold, color=INK, linewidth=0.9, linestyle="--")
    axes.axhline(rule.offset_threshold, color=INK, linewidth=0.9, linestyle=":")
    marks = {"onset": rule.onset_threshold, "offset": rule.offset_threshold}
    if marks["onset"] - marks["offset"] < 0.09:
        marks = {"onset, offset" if marks["onset"] == marks["offset"] else "onset over offset": marks["onset"]}
    confirm = rule.confirm_threshold
    if confirm is not None and confirm > rule.onset_threshold:
        axes.axhline(confirm, color=INK, linewidth=0.9, linestyle=(0, (2, 6)))
        if confirm - rule.onset_threshold >= 0.09:
            marks["confirm"] = confirm
    for name, value in marks.items():
        axes.annotate(
            f"{name} {value:g}",
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=INK,
        )


def _pooled(view: View) -> tuple[NDArray[np.float64], ...]:
    """Returns times, lowest, mean and highest posterior of the part shown: one array thrice when all fit."""
    times = view.grid.times(len(view.posteriors))
    margin = view.grid.hop_length / view.grid.sample_rate
    shown = (times >= view.start_s - margin) & (times < view.end_s + margin)
    times, values = times[shown], view.posteriors[shown].astype(np.float64)
    if len(values) <= _MOST_POINTS:
        return times, values, values, values
    # Whole columns: what is left over at the end is less than one of them.
    width = -(-len(values) // _COLUMNS)
    rows = values[: len(values) // width * width].reshape(-1, width)
    centres = times[: rows.size].reshape(-1, width).mean(axis=1)
    return centres, rows.min(axis=1), rows.mean(axis=1), rows.max(axis=1)


def draw_lanes(axes: Any, view: View) -> None:
    """Draws a lane of segments for what was detected, and with labels for what is true, missed and false."""
    lanes = [lane for lane in LANES if lane[0] == "segments" or view.reference is not None]
    for row, (attribute, _, colour, hatch) in enumerate(lanes):
        timeline: Timeline = getattr(view, attribute)
        bars = [(s.start, s.duration) for s in timeline.crop(view.start_s, view.end_s)]
        style = {"facecolor": colour, "linewidth": 0} if not hatch else {"facecolor": "none", "edgecolor": colour}
        axes.broken_barh(bars, (len(lanes) - row - 0.85, 0.7), hatch=hatch, **style)
    axes.set_ylim(0, len(lanes))
    axes.set_yticks([len(lanes) - row - 0.5 for row in range(len(lanes))], [lane[1] for lane in lanes])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_time(axes: Any, view: View) -> None:
    """Gives an axis the times of the part shown."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(view.start_s, view.end_s)
    if view.end_s <= 120:
        axes.set_xlabel("time, seconds")
        return
    span = view.end_s - view.start_s
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 1.5, 2, 3, 6, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda t, _: _clock(t, span)))
    axes.set_xlabel("time, h:mm:ss" if view.end_s >= 3600 else "time, m:ss")


def _clock(seconds: float, span_s: float) -> str:
    tenths = f"{seconds % 1:.1f}"[1:] if span_s < 10 else ""
    whole = int(seconds) if tenths else round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60:02d}" if hours else f"{rest // 60}"
    return f"{f'{hours}:' if hours else ''}{minutes}:{rest % 60:02d}{tenths}"
