"""The charts of an evaluation: ROC, precision-recall, DET, calibration, delays, and intervals by condition."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vad.evaluation import DELAY_EDGES, Curves, Report, Result
from vad.evaluation.names import MEASURES, estimate_to_text
from vad.pictures.chart import N_SERIES, Axis, Chart, deviate, even_ticks

__all__ = ["calibration_chart", "condition_charts", "interval_chart"]

_FIFTHS = [(k / 5, f"{k / 5:g}") for k in range(6)]
_RATES = [(r, f"{100 * r:g}") for r in (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9)]


def condition_charts(curves: Sequence[Curves]) -> list[str]:
    """Returns all charts of one condition as SVG: the engines in the same order in each."""
    charts = []
    if any(
        math.isfinite(c.operating_point.recall) and math.isfinite(c.operating_point.false_alarm_rate) for c in curves
    ):
        charts += [_roc(curves), _precision_recall(curves), _det(curves)]
    if any(b.cells for c in curves for b in c.bins):
        charts.append(calibration_chart(curves))
    for name, of in (("starts", "onset_delays"), ("ends", "offset_delays")):
        if any(getattr(c, of).sum() for c in curves):
            charts.append(_delays(curves, name, of))
    return charts


def _style(series: int) -> str:
    return f"s{series % N_SERIES}"


def _roc(curves: Sequence[Curves]) -> str:
    chart = Chart("ROC", Axis("false alarm rate", 0, 1, _FIFTHS), Axis("recall", 0, 1, _FIFTHS))
    chart.line([(0, 0), (1, 1)], "guide")
    for series, engine in enumerate(curves):
        chart.line([(p.false_alarm_rate, p.recall) for p in engine.points], _style(series))
    for series, engine in enumerate(curves):
        point = engine.operating_point
        chart.mark((point.false_alarm_rate, point.recall), series, _hint(engine))
    return chart.svg()


def _precision_recall(curves: Sequence[Curves]) -> str:
    chart = Chart("Precision and recall", Axis("recall", 0, 1, _FIFTHS), Axis("precision", 0, 1, _FIFTHS))
    for series, engine in enumerate(curves):
        chart.line([(p.recall, p.precision) for p in engine.points], _style(series))
    for series, engine in enumerate(curves):
        point = engine.operating_point
        chart.mark((point.recall, point.precision), series, _hint(engine))
    return chart.svg()


def _det(curves: Sequence[Curves]) -> str:
    rates = [rate for c in curves for p in c.points for rate in (p.false_alarm_rate, 1 - p.recall)]
    low = min((rate for rate in rates if rate > 0), default=0.01)
    low = max(r for r, _ in _RATES[:4] if r <= max(low, 0.001))
    ticks = [tick for tick in _RATES if tick[0] >= low]
    axes = (Axis(label, low, 0.9, ticks, deviate) for label in ("false alarm rate, %", "miss rate, %"))
    chart = Chart("DET", *axes)
    chart.line([(low, low), (0.9, 0.9)], "guide")
    for series, engine in enumerate(curves):
        chart.line([(p.false_alarm_rate, 1 - p.recall) for p in engine.points], _style(series))
    for series, engine in enumerate(curves):
        point = engine.operating_point
        chart.mark((point.false_alarm_rate, 1 - point.recall), series, _hint(engine))
    return chart.svg()


def calibration_chart(curves: Sequence[Curves]) -> str:
    """Returns the reliability diagram: markers as large as the share of the cells in their bin."""
    errors = ", ".join(f"{c.engine} {_calibration_error(c):.3f}" for c in curves if any(b.cells for b in c.bins))
    chart = Chart(
        f"Calibration (error: {errors})", Axis("mean posterior", 0, 1, _FIFTHS), Axis("share of speech", 0, 1, _FIFTHS)
    )
    chart.line([(0, 0), (1, 1)], "guide")
    for series, engine in enumerate(curves):
        total = sum(b.cells for b in engine.bins)
        chart.line([(b.mean_value, b.speech_share) for b in engine.bins], _style(series))
        for b in engine.bins:
            hint = f"{engine.engine}: {b.cells} cells, mean {b.mean_value:.3f}, of which speech {b.speech_share:.3f}"
            if b.cells:
                chart.mark((b.mean_value, b.speech_share), series, hint, size=2 + 7 * math.sqrt(b.cells / total))
    return chart.svg()


def _calibration_error(curves: Curves) -> float:
    """The expected calibration error, as `vad.metrics.calibration_error` has it."""
    wrong = sum(b.cells * abs(b.mean_value - b.speech_share) for b in curves.bins if b.cells)
    return wrong / sum(b.cells for b in curves.bins)


def _delays(curves: Sequence[Curves], name: str, of: str) -> str:
    """One histogram under the other: four of them on one floor could not be told apart."""
    shares = [getattr(c, of) / max(1, getattr(c, of).sum()) for c in curves]
    tallest = max(float(share.max()) for share in shares)
    edges = (1000 * DELAY_EDGES).tolist()
    floors = [len(curves) - 1 - series for series in range(len(curves))]
    chart = Chart(
        f"Delay of the {name}",
        Axis("late by, milliseconds", edges[0], edges[-1], [(t, f"{t:g}") for t in range(-400, 401, 200)]),
        Axis("", 0, len(curves), [(f, c.engine) for f, c in zip(floors, curves, strict=True)]),
        left=16 + 6 * max(len(c.engine) for c in curves),
    )
    for series, (floor, share) in enumerate(zip(floors, shares, strict=True)):
        chart.area(edges, (0.92 * share / max(tallest, 1e-9)).tolist(), floor, _style(series))
    chart.line([(0, 0), (0, len(curves))], "guide")
    return chart.svg()


def _hint(curves: Curves) -> str:
    point = curves.operating_point
    return (
        f"{curves.engine} at its threshold {point.threshold:.3g}: recall {point.recall:.3f}, "
        f"false alarm rate {point.false_alarm_rate:.3f}, precision {point.precision:.3f}"
    )


def interval_chart(report: Report, measure: str) -> str:
    """Returns a measure of all conditions and engines with its intervals, a row for each condition."""
    conditions = list(dict.fromkeys(result.condition for result in report.results))
    engines = list(report.engines)
    shown = [r for r in report.results if math.isfinite(r.measures[measure].value)]
    top = max([_upper(r, measure) for r in shown], default=1.0)
    high = 1.0 if not measure.endswith("_per_hour") and top > 0.5 else top * 1.05
    low = min([0.0 if high != 1.0 else _lower(r, measure) for r in shown], default=0.0)
    low = math.floor(20 * low) / 20 if high == 1.0 else 0.0
    high = high if high > low else low + 1.0
    rows = [(len(conditions) - row - 0.5, name) for row, name in enumerate(conditions)]
    left = min(190, 16 + 7 * max(map(len, conditions), default=1))
    chart = Chart(
        MEASURES[measure],
        Axis("", low, high, even_ticks(low, high)),
        Axis("", 0, len(conditions), rows),
        size=(560, 66 + 16 * max(2, len(engines)) * len(conditions)),
        left=left,
    )
    for result in shown:
        series = engines.index(result.engine)
        y = {name: place for place, name in rows}[result.condition]
        y += 0.35 - 0.7 * (series + 0.5) / len(engines)
        chart.span((_lower(result, measure), _upper(result, measure)), y, f"thin {_style(series)}")
        hint = f"{result.condition}, {result.engine}: {estimate_to_text(result.measures[measure], measure)}"
        chart.mark((result.measures[measure].value, y), series, hint, size=4)
    return chart.svg()


def _upper(result: Result, measure: str) -> float:
    estimate = result.measures[measure]
    return estimate.value if estimate.high is None or not math.isfinite(estimate.high) else estimate.high


def _lower(result: Result, measure: str) -> float:
    estimate = result.measures[measure]
    return estimate.value if estimate.low is None or not math.isfinite(estimate.low) else estimate.low
