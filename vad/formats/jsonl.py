"""JSON lines (.jsonl): one recording a line with its segments and what made them, so that files can be joined."""

from __future__ import annotations

import json
from collections.abc import Sequence

from vad.formats.json import head, read_recording, to_document
from vad.formats.spans import Entry, Problems, Provenance, Span


def read(text: str, where: str = "<jsonl>") -> list[Span]:
    """Reads lines of recordings, ``{"recording": …, "speech": [...]}``, or of segments, ``{"start": s, "end": s}``.

    Raises:
        ManifestError: with line numbers.
    """
    problems, spans = Problems(where), []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except json.JSONDecodeError as error:
            problems.add(number, f"not JSON: {error.msg}")
            continue
        unit = "s"
        if isinstance(found, dict):
            unit = str(found.get("unit", unit))
            if "start" in found and "end" in found:
                found = {**found, "speech": [found]}
        spans += read_recording(found, ("the line", number), unit, problems)
    problems.check()
    return spans


def write(entries: Sequence[Entry], provenance: Provenance | None = None, *, unit: str = "s") -> str:
    """Returns a line a recording; the provenance stands in every one.

    Args:
        entries: the recordings, in order.
        provenance: what made the segments.
        unit: of the segments' times, one of `UNITS`; a line says so when it is not seconds.
    """
    made_by = head(provenance, unit)
    lines = ({**to_document(entry, unit), **made_by} for entry in entries)
    return "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines)
