"""Charts as inline SVG: lines, markers, steps and intervals on two axes.

Colours are left to the page's style sheet (classes ``s0``, ``s1``, … for the series), so that they follow its light and
dark theme; series differ in dashes and markers too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from vad.pictures.template import escape

__all__ = ["N_SERIES", "Axis", "Chart", "deviate", "even_ticks", "marker"]

_LEFT: Final = 48
_RIGHT: Final = 20
_TOP: Final = 26
_BOTTOM: Final = 36
_LEAST_RATE: Final = 1e-6


def deviate(rate: float) -> float:
    """Returns the normal deviate of a rate, as DET curves are drawn on."""
    return NormalDist().inv_cdf(min(1 - _LEAST_RATE, max(_LEAST_RATE, rate)))


def even_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Returns a few round values from `low` to `high`, which must be higher, with their texts."""
    rough = (high - low) / 6
    power: float = 10.0 ** math.floor(math.log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * 0.999)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(k * step, f"{k * step:.{decimals}f}") for k in range(first, last + 1)]


def _same(value: float) -> float:
    return value


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of a chart.

    Args:
        label: what it shows.
        low: value at its left or lower end.
        high: value at its other end.
        ticks: values and their texts.
        bend: from values to even distances.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    bend: Callable[[float], float] = _same

    def share(self, value: float) -> float:
        """Returns where a value lies: 0 at the low end, 1 at the high one, clipped to them."""
        low, high = self.bend(self.low), self.bend(self.high)
        return min(1.0, max(0.0, (self.bend(value) - low) / (high - low)))


class Chart:
    """A chart that is drawn piece by piece and read off at the end.

    Args:
        title: above the chart, and for those who cannot see it.
        x: the horizontal axis.
        y: the vertical axis.
        size: width and height in pixels at full scale.
        left: width of the margin that holds the texts of the vertical axis.
    """

    def __init__(self, title: str, x: Axis, y: Axis, *, size: tuple[int, int] = (360, 300), left: int = _LEFT) -> None:
        self._title, self._x, self._y, self._left = title, x, y, left
        self._width, self._height = size
        self._parts: list[str] = []

    def line(self, points: Sequence[tuple[float, float]], style: str) -> None:
        """Draws a line through points; those that are not finite are left out."""
        path = " ".join(self._place(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y))
        if path:
            self._parts.append(f'<polyline class="line {style}" points="{path}"/>')

    def area(self, edges: Sequence[float], heights: Sequence[float], floor: float, style: str) -> None:
        """Fills a histogram that stands on a floor."""
        points = [
            self._place(edge, floor + height)
            for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True)
            for edge, height in ((left, height), (right, height))
        ]
        path = " ".join([self._place(edges[0], floor), *points, self._place(edges[-1], floor)])
        self._parts.append(f'<polygon class="area {style}" points="{path}"/>')

    def mark(self, point: tuple[float, float], series: int, hint: str, *, size: float = 5.0) -> None:
        """Draws the marker of a series; pointing at it shows the hint."""
        if not all(map(math.isfinite, point)):
            return
        x, y = map(float, self._place(*point).split(","))
        self._parts.append(f"<g>{marker(x, y, series, size)}<title>{escape(hint)}</title></g>")

    def span(self, x: tuple[float, float], y: float, style: str) -> None:
        """Draws a horizontal line with ends, such as an interval."""
        if all(map(math.isfinite, x)):
            self.line([(x[0], y), (x[1], y)], style)

    def svg(self) -> str:
        """Returns the chart as an SVG element."""
        right, bottom = self._width - _RIGHT, self._height - _BOTTOM
        parts = [
            f'<svg class="chart" viewBox="0 0 {self._width} {self._height}" role="img" '
            f'aria-label="{escape(self._title)}">',
            f'<text class="title" x="{self._left}" y="15">{escape(self._title)}</text>',
        ]
        for value, text in self._x.ticks:
            x = self._across(value)
            parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{bottom}"/>')
            parts.append(f'<text class="tick" text-anchor="middle" x="{x}" y="{bottom + 14}">{escape(text)}</text>')
        for value, text in self._y.ticks:
            y = self._down(value)
            parts.append(f'<line class="grid" x1="{self._left}" x2="{right}" y1="{y}" y2="{y}"/>')
            parts.append(
                f'<text class="tick" text-anchor="end" x="{self._left - 5}" y="{y + 3.5}">{escape(text)}</text>'
            )
        middle = (self._left + right) / 2
        place = f'x="{middle}" y="{self._height - 5}"'
        parts.append(f'<text class="tick" text-anchor="middle" {place}>{escape(self._x.label)}</text>')
        if self._y.label:
            centre = (_TOP + bottom) / 2
            parts.append(
                f'<text class="tick" text-anchor="middle" transform="translate(11 {centre}) rotate(-90)">'
                f"{escape(self._y.label)}</text>"
            )
        return "".join([*parts, *self._parts, "</svg>"])

    def _across(self, value: float) -> float:
        return round(self._left + self._x.share(value) * (self._width - _RIGHT - self._left), 1)

    def _down(self, value: float) -> float:
        bottom = self._height - _BOTTOM
        return round(bottom - self._y.share(value) * (bottom - _TOP), 1)

    def _place(self, x: float, y: float) -> str:
        return f"{self._across(x)},{self._down(y)}"


_SHAPES: Final = (
    lambda x, y, r: f'<circle cx="{x}" cy="{y}" r="{r:.1f}"',
    lambda x, y, r: f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r:.1f}" height="{2 * r:.1f}"',
    lambda x, y, r: f'<path d="M{x:.1f} {y - 1.2 * r:.1f}l{1.2 * r:.1f} {2.1 * r:.1f}h{-2.4 * r:.1f}z"',
    lambda x, y, r: (
        f'<path d="M{x:.1f} {y - 1.3 * r:.1f}l{1.3 * r:.1f} {1.3 * r:.1f}l{-1.3 * r:.1f} {1.3 * r:.1f}'
        f'l{-1.3 * r:.1f} {-1.3 * r:.1f}z"'
    ),
)
N_SERIES: Final = len(_SHAPES)
"""Series that look different; further ones begin anew."""


def marker(x: float, y: float, series: int, size: float) -> str:
    """Returns the marker of a series around a point: circle, square, triangle or diamond."""
    return f'{_SHAPES[series % N_SERIES](x, y, size)} class="mark s{series % N_SERIES}"/>'
