"""JSON (.json): every recording with its segments, and what made them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from vad.errors import ManifestError, did_you_mean
from vad.formats.spans import Entry, Problems, Provenance, Span

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
    problems, spans = Problems(where), []
    for number, recording in enumerate(recordings):
        spans += _read_recording(recording, f"{path}[{number}]" if path == "recordings" else path, problems)
    problems.check()
    return spans


def _read_recording(recording: Any, path: str, problems: Problems) -> list[Span]:
    name, segments = "", recording
    if isinstance(recording, dict):
        name = next((str(recording[key]) for key in _RECORDING_KEYS if key in recording), "")
        key = next((key for key in _SEGMENT_KEYS if key in recording), None)
        if key is None:
            hints = "".join(did_you_mean(found, _SEGMENT_KEYS) for found in recording)
            problems.add(1, f"{path} needs a list 'speech'{hints}; it has {', '.join(map(repr, recording))}")
            return []
        segments, path = recording[key], f"{path}.{key}"
    if not isinstance(segments, list):
        problems.add(1, f"{path} must be a list of segments; received {type(segments).__name__}")
        return []
    # A recording without segments is one stretch without speech, lest its name be lost.
    spans = [] if segments else [Span(0.0, _NO_LENGTH_S, "", recording=name)]
    for number, segment in enumerate(segments):
        span = _read_segment(segment, name, f"{path}[{number}]", problems)
        if span is not None:
            spans.append(span)
    return spans


def _read_segment(segment: Any, name: str, path: str, problems: Problems) -> Span | None:
    label = "speech"
    pair: list[Any]
    if isinstance(segment, dict):
        pair = [segment.get("start"), segment.get("end")]
        label = str(segment.get("label", label))
    else:
        pair = segment if isinstance(segment, list) else []
    if len(pair) != 2 or not all(map(_is_time, pair)):
        problems.add(1, f"{path} must be {{'start': s, 'end': s}} or [start, end]; received {segment!r}")
        return None
    start, end = float(pair[0]), float(pair[1])
    if not problems.is_forward(start, end, 1):
        return None
    return Span(start, end, label, recording=name)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns a document with the provenance, and of each recording name, duration and segments in seconds."""
    document: dict[str, Any] = {}
    if provenance is not None:
        document["tool"] = provenance.tool
        if provenance.model is not None or provenance.fingerprint is not None:
            document["model"] = {"name": provenance.model, "fingerprint": provenance.fingerprint}
        if provenance.settings is not None:
            document["settings"] = dict(provenance.settings)
    document["recordings"] = [_to_document(entry) for entry in entries]
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _to_document(entry: Entry) -> dict[str, Any]:
    document: dict[str, Any] = {"recording": entry.recording}
    if entry.duration_s is not None:
        document["duration_s"] = round(entry.duration_s, 6)
    document["speech"] = [{"start": round(s.start, 6), "end": round(s.end, 6)} for s in entry.speech]
    return document
