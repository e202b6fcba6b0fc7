"""Timed cues: what SRT and WebVTT have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vad.formats.spans import Problems, Span, clock
from vad.segments import Segment

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_MIN_S = 0.001


def cue_times(speech: Iterable[Segment], decimal_mark: str) -> Iterator[str]:
    """Yields a line ``start --> end`` for each segment, in whole milliseconds, at least one long."""
    for segment in speech:
        start = clock(segment.start, decimal_mark)
        end = clock(segment.end, decimal_mark)
        if start == end:
            end = clock(max(0.0, segment.start) + _MIN_S, decimal_mark)
        yield f"{start} --> {end}"


def read_cues(text: str, where: str, *, skipped: tuple[str, ...] = ()) -> list[Span]:
    """Reads the blocks of a subtitle file.

    Args:
        text: the file.
        where: its name, for messages.
        skipped: first words of blocks that are no cues.

    Raises:
        ManifestError: with the lines that are no cue.
    """
    problems, spans = Problems(where), []
    for first, block in _blocks(text):
        if skipped and block[0].split(maxsplit=1)[0] in skipped:
            continue
        # A cue may begin with a number or a name.
        at = 0 if "-->" in block[0] or len(block) == 1 else 1
        match = _TIMES.fullmatch(block[at])
        if match is None:
            problems.add(first + at, f"expected 'start --> end'; received {block[at]!r}")
            continue
        start, end = _seconds(*match.groups()[:4]), _seconds(*match.groups()[4:])
        if problems.is_forward(start, end, first + at):
            spans.append(Span(start, end, _TAG.sub("", " ".join(block[at + 1 :])) or "speech"))
    problems.check()
    return spans


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yields runs of lines that are not blank, with the number of their first line."""
    block: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return (whole * 1000 + int(fraction.ljust(3, "0"))) / 1000
