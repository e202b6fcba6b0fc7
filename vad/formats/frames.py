"""Frames (.frames): a table with a row a frame: the time that it owns, its posterior, and whether it is speech.

recording,start,end,posterior,speech
a.wav,0.000000,0.021000,0.01234567,0
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vad.errors import ManifestError
from vad.formats.spans import Entry, Problems, Provenance, Span
from vad.segments import Segment, Timeline

HEADER = "recording,start,end,posterior,speech\n"
_FLAGS = ("0", "1")


def read(text: str, where: str = "<frames>") -> list[Span]:
    """Reads the runs of frames that are speech.

    Raises:
        ManifestError: with line numbers.
    """
    rows = csv.reader(text.splitlines(keepends=True))
    columns = next(rows, [])
    if columns != HEADER.strip().split(","):
        raise ManifestError(f"{where}:1: frames begin with {HEADER.strip()!r}; received {','.join(columns)!r}")
    problems, spans = Problems(where), []
    open_span: Span | None = None
    for row in rows:
        if not row:
            continue
        if len(row) != len(columns) or row[4] not in _FLAGS:
            problems.add(rows.line_num, f"expected {HEADER.strip()}, speech being 0 or 1; received {','.join(row)!r}")
            continue
        start = problems.seconds(row[1], rows.line_num, "the start")
        end = problems.seconds(row[2], rows.line_num, "the end")
        if start is None or end is None or not problems.is_forward(start, end, rows.line_num):
            continue
        label = "speech" if row[4] == "1" else ""
        if open_span is not None and (open_span.recording, open_span.label, open_span.end) == (row[0], label, start):
            open_span = Span(open_span.start, end, label, recording=row[0])
            continue
        if open_span is not None:
            spans.append(open_span)
        open_span = Span(start, end, label, recording=row[0])
    problems.check()
    return spans if open_span is None else [*spans, open_span]


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns a row for each stretch with and without speech, of which no posteriors are known.

    The table covers the recording; where its length is not known, it ends with the last segment.
    """
    parts = [HEADER]
    for entry in entries:
        speech = Timeline(entry.speech)
        stretches = [(s, 1) for s in speech]
        length = entry.duration_s if entry.duration_s is not None else max((s.end for s in speech), default=0.0)
        if length > 0:
            stretches += [(s, 0) for s in speech.gaps(0.0, length)]
        parts += (_row(entry.recording, s, "", flag) for s, flag in sorted(stretches))
    return "".join(parts)


def rows(recording: str, edges: NDArray[np.float64], posteriors: NDArray[np.float32], speech: NDArray[np.bool_]) -> str:
    """Returns the rows of consecutive frames.

    Args:
        recording: its name.
        edges: float64 ``(n + 1,)``, the times in seconds at which the frames begin, and at which the last one ends.
        posteriors: float32 ``(n,)``; nine digits are written, which give the same float32 back.
        speech: bool ``(n,)``.
    """
    name, times = _quoted(recording), [f"{edge:.6f}" for edge in edges.tolist()]
    values = zip(times[:-1], times[1:], posteriors.tolist(), speech.tolist(), strict=True)
    return "".join(f"{name},{start},{end},{posterior:.9g},{flag:d}\n" for start, end, posterior, flag in values)


def _row(recording: str, segment: Segment, posterior: str, flag: int) -> str:
    return f"{_quoted(recording)},{segment.start:.6f},{segment.end:.6f},{posterior},{flag}\n"


def _quoted(name: str) -> str:
    """Returns a name as a cell of a table."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([name])
    return buffer.getvalue()
