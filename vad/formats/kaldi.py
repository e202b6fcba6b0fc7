"""Kaldi's segments (a file of that name): utterance, recording, start and end in seconds.

References:
    Kaldi, "Data preparation", the file segments. Kaldi wants it sorted in the C locale, as utils/fix_data_dir.sh does;
    utterances of one recording are in that order already.
"""

from __future__ import annotations

from collections.abc import Sequence

from vad.formats.spans import Entry, Problems, Provenance, Span

_FIELDS = 4


def read(text: str, where: str = "<kaldi>") -> list[Span]:
    """Reads utterances, all of which are speech.

    Raises:
        ManifestError: with line numbers.
    """
    problems, spans = Problems(where), []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != _FIELDS:
            problems.add(number, f"expected 'utterance recording start end'; received {line.strip()!r}")
            continue
        start = problems.seconds(fields[2], number, "the start")
        end = problems.seconds(fields[3], number, "the end")
        if start is not None and end is not None and problems.is_forward(start, end, number):
            spans.append(Span(start, end, "speech", recording=fields[1]))
    problems.check()
    return spans


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns a line a segment, named by its recording and its times in milliseconds; no room for the provenance.

    Names cannot hold white space: each run of it becomes one underscore.
    """
    lines = []
    for entry in entries:
        name = "_".join(entry.recording.split())
        for s in entry.speech:
            utterance = f"{name}-{round(s.start * 1000):08d}-{round(s.end * 1000):08d}"
            lines.append(f"{utterance} {name} {s.start:.6f} {s.end:.6f}\n")
    return "".join(lines)
