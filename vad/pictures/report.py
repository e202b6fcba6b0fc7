"""The report of an evaluation as a folder: an index page, all numbers as JSON, and a page per bad recording."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vad import __version__
from vad.detector import Detector
from vad.errors import VadError
from vad.evaluation import Curves, RecordingError, Report, Result
from vad.evaluation.names import MEASURES, estimate_to_text
from vad.files import replacing, writing
from vad.manifests import resolve
from vad.pictures.audio import encode
from vad.pictures.chart import marker
from vad.pictures.curve_charts import condition_charts, interval_chart
from vad.pictures.page import PAGE_DETAIL, save_page
from vad.pictures.strip import strip
from vad.pictures.template import asset, escape, fill
from vad.pictures.view import Source, look

__all__ = ["WORST", "save_report"]

WORST: Final = 6
"""Recordings that are pictured for each way of being wrong, unless stated."""

# What is compared between conditions in charts; the tables have more, the JSON file all.
_COMPARED: Final = ("roc_auc", "miss_rate", "false_alarm_rate", "false_alarms_per_hour")


_WRONGS: Final[Mapping[str, Callable[[RecordingError], float]]] = {
    "Most false alarm": lambda error: error.false_alarm_s,
    "Most missed": lambda error: error.missed_s,
}


@dataclass(frozen=True, slots=True)
class _Pictured:
    """A recording of which the folder has a page."""

    error: RecordingError
    page: str
    strip: str


def save_report(report: Report, folder: Path, *, detector: Detector | None, home: Path, n_worst: int = WORST) -> None:
    """Writes ``index.html``, ``report.json`` and ``recordings/*.html`` into a folder, which is made when absent.

    The pages are written first and the index last, so that an index never names what is not there.

    Args:
        report: what is told.
        folder: where.
        detector: what the worst recordings are pictured with, the first engine of the report; None pictures none.
        home: folder that the audio of the recordings lies in.
        n_worst: recordings that are pictured for each way of being wrong.

    Raises:
        VadError: when a file cannot be written.
        AudioError: when a recording can no longer be read.
    """
    errors = [error for error in report.worst if detector is not None and error.engine == next(iter(report.engines))]
    groups = {name: _worst_by(errors, key, n_worst) for name, key in _WRONGS.items()}
    # A recording may be bad in both ways; it has one page.
    pages: dict[str, _Pictured] = {}
    for error in (error for group in groups.values() for error in group):
        if detector is not None and error.recording.id not in pages:
            page = f"recordings/{len(pages) + 1:03d}.html"
            pages[error.recording.id] = _picture(error, detector, home, folder, page)
    pictured = {name: [pages[error.recording.id] for error in group] for name, group in groups.items()}
    with writing(folder):
        with replacing(folder / "report.json") as temporary:
            text = json.dumps(report.to_dict(in_full=True), indent=1, ensure_ascii=False, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8", newline="\n")
        with replacing(folder / "index.html") as temporary:
            temporary.write_text(_index(report, pictured), encoding="utf-8", newline="\n")
        _forget_pages(folder / "recordings", len(pages))


def _worst_by(
    errors: Sequence[RecordingError], key: Callable[[RecordingError], float], n_worst: int
) -> list[RecordingError]:
    wrong = [error for error in errors if error.scored_s > 0 and key(error) > 0]
    return sorted(wrong, key=lambda error: -key(error) / error.scored_s)[:n_worst]


def _forget_pages(folder: Path, n_pages: int) -> None:
    """Removes the pages of an earlier report in the same folder that this one has no use for."""
    for path in folder.glob("[0-9][0-9][0-9].html"):
        if int(path.stem) > n_pages:
            path.unlink()


def _picture(error: RecordingError, detector: Detector, home: Path, folder: Path, page: str) -> _Pictured:
    recording = error.recording
    clip = resolve(recording, home)
    if clip is None:
        raise VadError(f"{recording.audio}: was there when it was scored, and is gone from {home}")
    source = Source(clip.path, name=recording.id, offset_s=clip.offset_s, duration_s=clip.duration_s)
    view = look(source, detector, reference=recording.speech, detail=PAGE_DETAIL)
    save_page(view, folder / page, sound=encode(source, view), model_rule=detector.metadata.decision)
    return _Pictured(error, page, strip(view))


def _index(report: Report, pictured: Mapping[str, Sequence[_Pictured]]) -> str:
    slots = {
        "version": escape(__version__),
        "theme": asset("theme.css"),
        "style": asset("report.css"),
        "facts": _facts(report),
        "legend": _legend(report),
        "intervals": "".join(f'<div class="card wide">{interval_chart(report, name)}</div>' for name in _COMPARED),
        "conditions": _conditions(report),
        "worst": _worst(pictured, next(iter(report.engines), "")),
    }
    return fill(asset("report.html"), slots)


def _facts(report: Report) -> str:
    sentences = []
    if report.results:
        whole = report.results[-1]
        sentences.append(f"{_size(whole)}.")
    sentences.append("Every engine on the same cells of 10 ms; no engine shifted.")
    if report.collar_s:
        sentences.append(f"Not scored: {report.collar_s:g} s around each boundary.")
    if report.summary.n_resamples:
        share = 100 * report.summary.confidence
        sentences.append(
            f"Intervals: {share:g} % of {report.summary.n_resamples} bootstrap resamples of whole recordings."
        )
    if report.n_unlabelled:
        sentences.append(f"Passed over for want of labels: {_counted(report.n_unlabelled)}.")
    facts = f"<p>{escape(' '.join(sentences))}</p>"
    if report.failures:
        rows = "".join(f"<li>{escape(f.recording)}: {escape(f.reason)}</li>" for f in report.failures)
        summary = f"{_counted(len(report.failures))} failed"
        facts += f'<details class="failures" open><summary>{summary}</summary><ul>{rows}</ul></details>'
    return facts


def _size(result: Result) -> str:
    minutes = f"{_minutes(result.speech_s)} of speech, {_minutes(result.nonspeech_s)} without"
    return f"{_counted(result.n_recordings)}, {minutes}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def _counted(n: int) -> str:
    return f"{n} recording" if n == 1 else f"{n} recordings"


def _legend(report: Report) -> str:
    items = []
    for series, (name, description) in enumerate(report.engines.items()):
        swatch = (
            f'<svg class="swatch" viewBox="0 0 44 14" aria-hidden="true"><path class="line s{series % 4}" d="M0 7H44"/>'
            f"{marker(22, 7, series, 4.5)}</svg>"
        )
        about = description.removeprefix(f"{name}: ")
        items.append(f"<li>{swatch}<b>{escape(name)}</b> <span>{escape(about)}</span></li>")
    return "".join(items)


def _conditions(report: Report) -> str:
    results: dict[str, list[Result]] = {}
    curves: dict[str, list[Curves]] = {}
    for result in report.results:
        results.setdefault(result.condition, []).append(result)
    for curve in report.curves:
        curves.setdefault(curve.condition, []).append(curve)
    parts: list[str] = []
    # All recordings together come last in the report and first on the page.
    for name in reversed(results):
        first = results[name][0]
        charts = "".join(f'<div class="card">{svg}</div>' for svg in condition_charts(curves.get(name, [])))
        parts.append(
            f"<details{'' if parts else ' open'}><summary><b>{escape(name)}</b> <span>{_size(first)}</span></summary>"
            f'<div class="cards">{charts}</div>{_table(results[name])}</details>'
        )
    return "".join(parts)


def _table(results: Sequence[Result]) -> str:
    head = "".join(f"<th>{escape(result.engine)}</th>" for result in results)
    rows = []
    for name, title in MEASURES.items():
        cells = [estimate_to_text(result.measures[name], name) for result in results]
        if any(cell != "-" for cell in cells):
            rows.append(f"<tr><th>{escape(title)}</th>{''.join(f'<td>{_two_tone(cell)}</td>' for cell in cells)}</tr>")
    table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="scroll">{table}</div>'


def _two_tone(cell: str) -> str:
    value, bracket, interval = cell.partition(" [")
    return f"{value} <small>[{interval}</small>" if bracket else value


def _worst(pictured: Mapping[str, Sequence[_Pictured]], engine: str) -> str:
    if not any(pictured.values()):
        return '<p class="note">No recording is pictured here.</p>'
    lead = f"By the share of their time that {escape(engine)} gets wrong. Each opens as a page that plays and zooms."
    parts = [f'<p class="note">{lead}</p>']
    for name, group in pictured.items():
        if group:
            parts.append(f'<h3>{name}</h3><div class="cards">{"".join(map(_card, group))}</div>')
    return "".join(parts)


def _card(one: _Pictured) -> str:
    e = one.error
    return (
        f'<a class="card recording" href="{escape(one.page)}"><b>{escape(e.recording.id)}</b>{one.strip}'
        f"<span>{e.missed_s:.2f} s missed, {e.false_alarm_s:.2f} s false alarm of {_minutes(e.scored_s)}</span></a>"
    )
