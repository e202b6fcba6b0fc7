"""RTTM (.rttm): one line a turn, many recordings a file.

References:
    NIST, The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan, appendix A.
"""

from __future__ import annotations

from collections.abc import Sequence

from vad.errors import did_you_mean
from vad.formats.spans import Entry, Problems, Provenance, Span

_SPEECH_TYPES = ("SPEAKER", "SPEECH")
_OTHER_TYPES = (
    "SEGMENT",
    "NOSCORE",
    "NO_RT_METADATA",
    "LEXEME",
    "NON-LEX",
    "NON-SPEECH",
    "FILLER",
    "EDIT",
    "IP",
    "SU",
    "CB",
    "A/P",
    "SPKR-INFO",
)
_MIN_FIELDS = 8


def read(text: str, where: str = "<rttm>") -> list[Span]:
    """Reads the turns; the speaker is the label. Lines of other types than SPEAKER and comments are passed over.

    Raises:
        ManifestError: with line numbers.
    """
    problems, spans = Problems(where), []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields or line.startswith(";;"):
            continue
        if fields[0] not in _SPEECH_TYPES:
            if fields[0] not in _OTHER_TYPES:
                hint = did_you_mean(fields[0], [*_SPEECH_TYPES, *_OTHER_TYPES])
                problems.add(number, f"not a type of RTTM line: {fields[0]!r}{hint}")
            continue
        if len(fields) < _MIN_FIELDS:
            problems.add(number, f"an RTTM line has {_MIN_FIELDS} fields or more; received {len(fields)}")
            continue
        start = problems.seconds(fields[3], number, "the start (field 4)")
        duration = problems.seconds(fields[4], number, "the duration (field 5)")
        if start is None or duration is None:
            continue
        if duration <= 0:
            problems.add(number, f"the duration must be positive; received {duration:g}")
            continue
        # A sum of decimals is a hair beside the decimal that is meant.
        spans.append(Span(start, round(start + duration, 9), fields[7], recording=fields[1]))
    problems.check()
    return spans


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns one SPEAKER line a segment; there is no room for the provenance.

    Names cannot hold white space in RTTM: each run of it becomes one underscore.
    """
    lines = []
    for entry in entries:
        name = "_".join(entry.recording.split())
        for segment in entry.speech:
            # The length between the edges as they are written, so that the end comes back too.
            duration = round(segment.end, 6) - round(segment.start, 6)
            lines.append(f"SPEAKER {name} 1 {segment.start:.6f} {duration:.6f} <NA> <NA> speech <NA> <NA>\n")
    return "".join(lines)
