"""Tables (.csv, .tsv): a header, then one row a segment with its recording, start and end in seconds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from vad.errors import ManifestError, did_you_mean
from vad.formats.spans import Entry, Problems, Provenance, Span

_COLUMNS = {
    "start": ("start", "onset", "begin", "start_s", "start_time", "tmin", "from"),
    "end": ("end", "offset", "stop", "end_s", "end_time", "tmax", "to"),
    "duration": ("duration", "duration_s", "dur", "length"),
    "recording": ("recording", "file", "filename", "path", "audio", "uri", "id"),
    "label": ("label", "class", "annotation", "event", "event_label", "text"),
}


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
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if columns is None:
            columns = _find_columns(row, f"{where}:{rows.line_num}")
            if not _is_number(row[0]):
                continue
        span = _read_row(row, columns, problems, rows.line_num)
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


def _find_columns(header: list[str], where: str) -> dict[str, int]:
    """Returns where each column stands; of a first row of numbers, where they stand without a header."""
    if _is_number(header[0]):
        return {"start": 0, "end": 1, "label": 2}
    names = [cell.strip().lower() for cell in header]
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
    return found


def _read_row(row: list[str], columns: dict[str, int], problems: Problems, line: int) -> Span | None:
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
    # Only a column for labels can say that a row is not speech.
    label = cell("label") if "label" in columns and columns["label"] < len(row) else "speech"
    return Span(start, end, label, recording=cell("recording"))


def write(entries: Sequence[Entry], provenance: Provenance | None = None, *, header: bool = True) -> str:
    """Returns rows of recording, start and end with six decimals; there is no room for the provenance.

    Args:
        entries: the recordings, in order.
        provenance: not written.
        header: whether to begin with the names of the columns; False continues a table.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    if header:
        writer.writerow(["recording", "start", "end"])
    for entry in entries:
        for segment in entry.speech:
            writer.writerow([entry.recording, f"{segment.start:.6f}", f"{segment.end:.6f}"])
    return buffer.getvalue()
