r"""Audacity label tracks (.txt): ``start TAB end TAB label`` in seconds.

References:
    Audacity manual, "Importing and Exporting Labels".
"""

from __future__ import annotations

from collections.abc import Sequence

from vad.formats.spans import Entry, Problems, Provenance, Span, one_entry


def read(text: str, where: str = "<audacity>") -> list[Span]:
    """Reads region labels, named or not.

    Point labels (no length) and the lines that hold a label's frequencies are passed over; decimal commas, which
    some locales write, are accepted.

    Raises:
        ManifestError: with line numbers.
    """
    problems, spans = Problems(where), []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("\\"):
            continue
        fields = line.split("\t", 2)
        if len(fields) < 2:
            problems.add(number, f"expected 'start TAB end TAB label'; received {line!r}")
            continue
        start = problems.seconds(fields[0].replace(",", "."), number, "the start")
        end = problems.seconds(fields[1].replace(",", "."), number, "the end")
        if start is not None and start == end:
            continue
        if start is not None and end is not None and problems.is_forward(start, end, number):
            # A region without a name was drawn for a reason: it is speech.
            spans.append(Span(start, end, (fields[2].strip() if len(fields) > 2 else "") or "speech"))
    problems.check()
    return spans


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns a label track with the label "speech"; there is no room for the provenance.

    Raises:
        ConfigError: unless there is exactly one entry.
    """
    speech = one_entry(entries, "a label track").speech
    return "".join(f"{segment.start:.6f}\t{segment.end:.6f}\tspeech\n" for segment in speech)
