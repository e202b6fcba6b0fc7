"""WebVTT captions (.vtt). Times are whole milliseconds: a round trip moves an edge by half of one at most.

References:
    W3C, WebVTT: The Web Video Text Tracks Format.
"""

from __future__ import annotations

from collections.abc import Sequence

from vad.errors import ManifestError
from vad.formats.cues import cue_times, read_cues
from vad.formats.spans import Entry, Provenance, Span, one_entry


def read(text: str, where: str = "<vtt>") -> list[Span]:
    """Reads cues; their text is the label. Notes, styles and regions are passed over, hours may be absent.

    Raises:
        ManifestError: with line numbers.
    """
    if not text.startswith("WEBVTT"):
        raise ManifestError(f"{where}:1: a WebVTT file starts with 'WEBVTT'; received {text[:20]!r}")
    return read_cues(text, where, skipped=("WEBVTT", "NOTE", "STYLE", "REGION"))


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns cues with the text "speech", and the tool in a note.

    Raises:
        ConfigError: unless there is exactly one entry.
    """
    speech = one_entry(entries, "WebVTT").speech
    note = "" if provenance is None else f"NOTE {provenance.tool}\n\n"
    return f"WEBVTT\n\n{note}" + "".join(f"{times}\nspeech\n\n" for times in cue_times(speech, "."))
