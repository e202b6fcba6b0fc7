"""A recording at a glance: a small inline SVG of waveform, posterior, segments and errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.pictures.template import escape
from vad.pictures.view import View
from vad.segments import Timeline

__all__ = ["strip"]

_WIDTH = 420
_WAVE = 46
_POSTERIOR = 38
_LANE = 7
_LANES = (("segments", "detected"), ("reference", "reference"), ("misses", "missed"), ("false_alarms", "alarm"))


def strip(view: View) -> str:
    """Returns the part that a view shows as an SVG element; colours come from the page's style sheet."""
    lanes = [lane for lane in _LANES if lane[0] == "segments" or view.reference is not None]
    height = _WAVE + _POSTERIOR + _LANE * len(lanes) + 4
    parts = [
        f'<svg class="strip" viewBox="0 0 {_WIDTH} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(view.name)}: waveform, posterior, speech found">'
    ]
    parts.append(f'<path class="wave" d="{_wave(view)}"/>')
    parts.append(f'<polyline class="posterior" points="{_posterior(view)}"/>')
    threshold = _WAVE + _POSTERIOR * (1 - view.rule.onset_threshold)
    parts.append(f'<path class="threshold" d="M0 {threshold:.1f}H{_WIDTH}"/>')
    for row, (attribute, style) in enumerate(lanes):
        timeline: Timeline = getattr(view, attribute)
        y = _WAVE + _POSTERIOR + 4 + row * _LANE
        for segment in timeline.crop(view.start_s, view.end_s):
            x, end = _across(view, segment.start), _across(view, segment.end)
            parts.append(
                f'<rect class="{style}" x="{x:.1f}" y="{y}" width="{max(0.8, end - x):.1f}" height="{_LANE - 2}"/>'
            )
    return "".join([*parts, "</svg>"])


def _across(view: View, seconds: float) -> float:
    return _WIDTH * (seconds - view.start_s) / (view.end_s - view.start_s)


def _groups(values: NDArray[np.float32], most: int) -> list[NDArray[np.float32]]:
    return np.array_split(values, min(most, len(values))) if len(values) else []


def _wave(view: View) -> str:
    groups = _groups(view.wave, _WIDTH)
    peak = max(1e-4, float(np.abs(view.wave).max()))
    parts = []
    for column, group in enumerate(groups):
        x = _WIDTH * (column + 0.5) / len(groups)
        low, high = float(group[:, 0].min()), float(group[:, 1].max())
        parts.append(f"M{x:.1f} {_WAVE / 2 * (1 - high / peak):.1f}V{_WAVE / 2 * (1 - low / peak) + 0.5:.1f}")
    return "".join(parts)


def _posterior(view: View) -> str:
    times = view.grid.times(len(view.posteriors))
    shown = view.posteriors[(times >= view.start_s) & (times < view.end_s)]
    groups = _groups(shown, _WIDTH)
    points = []
    for column, group in enumerate(groups):
        x = _WIDTH * (column + 0.5) / len(groups)
        # The highest and the lowest of the column, so that a peak between two pixels stays one.
        for value in dict.fromkeys((float(group.max()), float(group.min()))):
            points.append(f"{x:.1f},{_WAVE + _POSTERIOR * (1 - value):.1f}")
    return " ".join(points)
