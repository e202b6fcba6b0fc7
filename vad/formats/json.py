"""JSON (.json): every recording with its segments, and what made them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from vad.errors import ManifestError, did_you_mean
from vad.formats.spans import UNITS, Entry, Problems, Provenance, Span, from_unit, to_unit

_SEGMENT_KEYS = ("speech", "segments")
_NO_LENGTH_S = 1e-6
_RECORDING_KEYS = ("recording", "file", "path", "audio", "uri", "id")


def read(text: str, where: str = "<json>") -> list[Span]:
    """Reads what `write` makes, and its simpler kin.

    Accepted are ``{"recordings": [...]}``, one recording ``{"speech": [...]}`` (or ``"segments"``, as speech
    recognisers write), and a bare list of segments; a segment is ``{"start": s, "end": s}`` or ``[start, end]``.

    Raises:
        ManifestError: when it is not JSON or of another shape, naming the place in it.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ManifestError(f"{where}:{error.lineno}: not JSON: {error.msg}") from None
    if isinstance(document, dict) and "recordings" in document:
        recordings, path = document["recordings"], "recordings"
        if not isinstance(recordings, list):
            raise ManifestError(f"{where}: 'recordings' must be a list; received {type(recordings).__name__}")
    else:
        recordings, path = [document], "document"
    unit = str(document.get("unit", "s")) if isinstance(document, dict) else "s"
    problems, spans = Problems(where), []
    for number, recording in enumerate(recordings):
        place = (f"{path}[{number}]" if path == "recordings" else path, 1)
        spans += read_recording(recording, place, unit, problems)
    problems.check()
    return spans


def read_recording(recording: Any, place: tuple[str, int], unit: str, problems: Problems) -> list[Span]:
    """Returns the spans of one recording, of any shape that `read` knows.

    Args:
        recording: the parsed object.
        place: where it is in the document, and the line of the file.
        unit: of its times.
        problems: where what is wrong is noted.
    """
    path, line = place
    if unit not in UNITS:
        problems.add(line, f"{path}: the unit must be one of {', '.join(UNITS)}; received {unit!r}")
        return []
    name, segments, sample_rate = "", recording, None
    if isinstance(recording, dict):
        name = next((str(recording[key]) for key in _RECORDING_KEYS if key in recording), "")
        key = next((key for key in _SEGMENT_KEYS if key in recording), None)
        if key is None:
            hints = "".join(did_you_mean(found, _SEGMENT_KEYS) for found in recording)
            problems.add(line, f"{path} needs a list 'speech'{hints}; it has {', '.join(map(repr, recording))}")
            return []
        segments, path, sample_rate = recording[key], f"{path}.{key}", recording.get("sample_rate")
    if unit == "samples" and not (isinstance(sample_rate, int) and sample_rate > 0):
        problems.add(line, f"{path}: times in samples need the recording's 'sample_rate'; received {sample_rate!r}")
        return []
    if not isinstance(segments, list):
        problems.add(line, f"{path} must be a list of segments; received {type(segments).__name__}")
        return []
    # A recording without segments is one stretch without speech, lest its name be lost.
    spans = [] if segments else [Span(0.0, _NO_LENGTH_S, "", recording=name)]
    for number, segment in enumerate(segments):
        pair = _read_pair(segment, (f"{path}[{number}]", line), problems)
        if pair is not None:
            start, end = (from_unit(time, unit, sample_rate) for time in pair[:2])
            spans.append(Span(start, end, pair[2], recording=name))
    return spans


def _read_pair(segment: Any, place: tuple[str, int], problems: Problems) -> tuple[float, float, str] | None:
    label = "speech"
    pair: list[Any]
    if isinstance(segment, dict):
        pair = [segment.get("start"), segment.get("end")]
        label = str(segment.get("label", label))
    else:
        pair = segment if isinstance(segment, list) else []
    if len(pair) != 2 or not all(map(_is_time, pair)):
        problems.add(place[1], f"{place[0]} must be {{'start': s, 'end': s}} or [start, end]; received {segment!r}")
        return None
    start, end = float(pair[0]), float(pair[1])
    return (start, end, label) if problems.is_forward(start, end, place[1]) else None


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def write(entries: Sequence[Entry], provenance: Provenance | None = None, *, unit: str = "s") -> str:
    """Returns a document with the provenance, and of each recording name, duration and segments.

    Args:
        entries: the recordings, in order.
        provenance: what made the segments.
        unit: of the segments' times, one of `UNITS`; the document says so when it is not seconds.
    """
    document = {**head(provenance, unit), "recordings": [to_document(entry, unit) for entry in entries]}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def head(provenance: Provenance | None, unit: str) -> dict[str, Any]:
    """Returns the fields that say what made the segments, and the unit of times that are not in seconds."""
    document: dict[str, Any] = {}
    if provenance is not None:
        document["tool"] = provenance.tool
        if provenance.model is not None or provenance.fingerprint is not None:
            document["model"] = {"name": provenance.model, "fingerprint": provenance.fingerprint}
        if provenance.settings is not None:
            document["settings"] = dict(provenance.settings)
    if unit != "s":
        document["unit"] = unit
    return document


def to_document(entry: Entry, unit: str) -> dict[str, Any]:
    """Returns one recording as an object."""
    document: dict[str, Any] = {"recording": entry.recording}
    if entry.duration_s is not None:
        document["duration_s"] = round(entry.duration_s, 6)
    if entry.sample_rate is not None:
        document["sample_rate"] = entry.sample_rate
    times = ((to_unit(s.start, unit, entry.sample_rate), to_unit(s.end, unit, entry.sample_rate)) for s in entry.speech)
    document["speech"] = [{"start": start, "end": end} for start, end in times]
    return document
