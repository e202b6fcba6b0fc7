"""Tables (.csv, .tsv): a header, then one row a segment with its recording, start and end.

Times are seconds. Columns named ``start_ms``, ``end_ms`` hold milliseconds; ``start_sample``, ``end_sample`` hold
samples, whose rate stands in a column ``sample_rate``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from vad.errors import ManifestError, did_you_mean
from vad.formats.spans import Entry, Problems, Provenance, Span, from_unit, to_unit

_COLUMNS = {
    "start": ("start", "onset", "begin", "start_s", "start_time", "tmin", "from"),
    "end": ("end", "offset", "stop", "end_s", "end_time", "tmax", "to"),
    "duration": ("duration", "duration_s", "dur", "length"),
    "recording": ("recording", "file", "filename", "path", "audio", "uri", "id"),
    "label": ("label", "class", "annotation", "event", "event_label", "text"),
    "sample_rate": ("sample_rate",),
}
_UNIT_SUFFIXES = {"s": "", "ms": "_ms", "samples": "_sample"}


def read(text: str, where: str = "<csv>") -> list[Span]:
    """Reads a table separated by commas, semicolons or tabs.

    Columns are found by name, in any order and case: start (onset, begin, tmin …), end (offset, stop, tmax …) or
    duration, and where there are such, recording (file, path …) and label; others are passed over. Without a
    header, the first columns are start, end and label.

    Raises:
        ManifestError: with line numbers.
    """
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(lines, delimiter=delimiter)
    problems, spans = Problems(where), []
    columns: dict[str, int] | None = None
    unit = "s"
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if columns is None:
            unit = _find_unit(row)
            columns = _find_columns(row, unit, f"{where}:{rows.line_num}")
            if not _is_number(row[0]):
                continue
        span = _read_row(row, columns, unit, (problems, rows.line_num))
        if span is not None:
            spans.append(span)
    problems.check()
    return spans


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _find_unit(header: list[str]) -> str:
    """Returns the unit that the name of the column of starts states; seconds where it states none."""
    names = [cell.strip().lower() for cell in header]
    units = (unit for unit, suffix in _UNIT_SUFFIXES.items() if suffix and f"start{suffix}" in names)
    return next(units, "s")


def _find_columns(header: list[str], unit: str, where: str) -> dict[str, int]:
    """Returns where each column stands; of a first row of numbers, where they stand without a header."""
    if _is_number(header[0]):
        return {"start": 0, "end": 1, "label": 2}
    names = [cell.strip().lower() for cell in header]
    if unit != "s":
        # Times without the suffix are in another unit than the start, and so are no partners of it.
        suffix = _UNIT_SUFFIXES[unit]
        times = (name for column in ("start", "end", "duration") for name in _COLUMNS[column])
        others = set(times)
        names = [name.removesuffix(suffix) if name not in others else "" for name in names]
    found = {
        column: next(names.index(name) for name in known if name in names)
        for column, known in _COLUMNS.items()
        if set(known) & set(names)
    }
    for column in ("start", "end"):
        if column not in found and not (column == "end" and "duration" in found):
            hints = [did_you_mean(name, _COLUMNS[column]) for name in names]
            hint = next((f": {name!r}{h}" for name, h in zip(names, hints, strict=True) if h), "")
            raise ManifestError(
                f"{where}: no column for the {column} of a segment; known are {', '.join(_COLUMNS[column])}, "
                f"the header has {', '.join(map(repr, names))}{hint}"
            )
    if unit == "samples" and "sample_rate" not in found:
        raise ManifestError(f"{where}: times in samples need a column sample_rate")
    return found


def _read_row(row: list[str], columns: dict[str, int], unit: str, place: tuple[Problems, int]) -> Span | None:
    problems, line = place

    def cell(column: str) -> str:
        at = columns.get(column, len(row))
        return row[at].strip() if at < len(row) else ""

    start = problems.seconds(cell("start").replace(",", "."), line, "the start")
    if "end" in columns:
        end = problems.seconds(cell("end").replace(",", "."), line, "the end")
    else:
        duration = problems.seconds(cell("duration").replace(",", "."), line, "the duration")
        end = None if start is None or duration is None else start + duration
    if start is None or end is None or not problems.is_forward(start, end, line):
        return None
    rate = None
    if unit == "samples":
        rate = int(cell("sample_rate")) if cell("sample_rate").isdecimal() else 0
        if rate <= 0:
            problems.add(line, f"the sample rate must be a whole number of Hz; received {cell('sample_rate')!r}")
            return None
    start, end = from_unit(start, unit, rate), from_unit(end, unit, rate)
    # Only a column for labels can say that a row is not speech.
    label = cell("label") if "label" in columns and columns["label"] < len(row) else "speech"
    return Span(start, end, label, recording=cell("recording"))


def write(
    entries: Sequence[Entry], provenance: Provenance | None = None, *, unit: str = "s", header: bool = True
) -> str:
    """Returns rows of recording, start and end; there is no room for the provenance.

    Args:
        entries: the recordings, in order.
        provenance: not written.
        unit: of the times, one of `UNITS`, which the names of the columns state.
        header: whether to begin with the names of the columns; False continues a table.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    suffix = _UNIT_SUFFIXES[unit]
    if header:
        writer.writerow(
            ["recording", f"start{suffix}", f"end{suffix}", *(["sample_rate"] if unit == "samples" else [])]
        )
    decimals = {"s": ".6f", "ms": ".3f", "samples": "d"}[unit]
    for entry in entries:
        rate = [entry.sample_rate] if unit == "samples" else []
        for segment in entry.speech:
            times = (to_unit(time, unit, entry.sample_rate) for time in (segment.start, segment.end))
            writer.writerow([entry.recording, *(format(time, decimals) for time in times), *rate])
    return buffer.getvalue()
