"""SubRip subtitles (.srt). Times are whole milliseconds: a round trip moves an edge by half of one at most."""

from __future__ import annotations

from collections.abc import Sequence

from vad.formats.cues import cue_times, read_cues
from vad.formats.spans import Entry, Provenance, Span, one_entry


def read(text: str, where: str = "<srt>") -> list[Span]:
    """Reads cues; their text is the label. Full stops for decimal commas, and absent numbers, are accepted.

    Raises:
        ManifestError: with line numbers.
    """
    return read_cues(text, where)


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns numbered cues with the text "speech"; there is no room for the provenance.

    Raises:
        ConfigError: unless there is exactly one entry.
    """
    speech = one_entry(entries, "SRT").speech
    return "".join(f"{n}\n{times}\nspeech\n\n" for n, times in enumerate(cue_times(speech, ","), 1))
