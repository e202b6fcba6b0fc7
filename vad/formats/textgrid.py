"""Praat TextGrids (.TextGrid), in long and short form.

References:
    Praat manual, "TextGrid file formats": a reader takes the free-standing numbers, the quoted strings and the
    flags in angle brackets, and passes over all other words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vad.errors import ManifestError
from vad.formats.spans import Entry, Problems, Provenance, Span, one_entry
from vad.segments import Timeline

_TOKEN = re.compile(
    r'"(?P<string>(?:[^"]|"")*)"'
    r"|(?P<flag><\w+>)"
    r"|(?<!\S)(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S)"
    r"|![^\n]*"
)
_TIERS = ("IntervalTier", "TextTier")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


class _Tokens:
    """The words of a TextGrid that mean something, one after the other."""

    def __init__(self, text: str, where: str) -> None:
        self._where = where
        self._tokens: list[_Token] = []
        line, seen = 1, 0
        for match in _TOKEN.finditer(text):
            line += text.count("\n", seen, match.start())
            seen = match.start()
            if match.lastgroup is not None:
                self._tokens.append(_Token(match.lastgroup, match[match.lastgroup], line))
        self._next = 0

    @property
    def line(self) -> int:
        """The line of the last word that was taken."""
        return self._tokens[self._next - 1].line if self._next else 1

    def take(self, kind: str, what: str) -> str:
        """Takes the next word, which must be of a kind.

        Raises:
            ManifestError: when it is another, or the file ends.
        """
        if self._next >= len(self._tokens):
            raise ManifestError(f"{self._where}: the file ends where {what} is expected")
        token = self._tokens[self._next]
        if token.kind != kind:
            raise ManifestError(f"{self._where}:{token.line}: expected {what}, a {kind}; received {token.text!r}")
        self._next += 1
        return token.text


def read(text: str, where: str = "<textgrid>") -> list[Span]:
    """Reads the intervals of all interval tiers, with their tier; points have no length and are passed over.

    Raises:
        ManifestError: with line numbers.
    """
    tokens, problems = _Tokens(text, where), Problems(where)
    if tokens.take("string", "'ooTextFile'") != "ooTextFile" or tokens.take("string", "'TextGrid'") != "TextGrid":
        raise ManifestError(f"{where}:{tokens.line}: not a TextGrid in text form")
    tokens.take("number", "the start of the grid")
    tokens.take("number", "the end of the grid")
    spans: list[Span] = []
    if tokens.take("flag", "'<exists>'") != "<exists>":
        return spans
    for _ in range(int(float(tokens.take("number", "the number of tiers")))):
        spans += _read_tier(tokens, problems, where)
    problems.check()
    return spans


def _read_tier(tokens: _Tokens, problems: Problems, where: str) -> list[Span]:
    kind = tokens.take("string", "the class of a tier")
    if kind not in _TIERS:
        raise ManifestError(f"{where}:{tokens.line}: a tier is {' or '.join(_TIERS)}; received {kind!r}")
    name = tokens.take("string", "the name of a tier").replace('""', '"')
    tokens.take("number", "the start of a tier")
    tokens.take("number", "the end of a tier")
    spans = []
    for _ in range(int(float(tokens.take("number", "the size of a tier")))):
        start = float(tokens.take("number", "a time"))
        if kind == "TextTier":
            tokens.take("string", "the mark of a point")
            continue
        end = float(tokens.take("number", "the end of an interval"))
        label = tokens.take("string", "the text of an interval").replace('""', '"')
        if problems.is_forward(start, end, tokens.line):
            spans.append(Span(start, end, label, tier=name))
    return spans


def write(entries: Sequence[Entry], provenance: Provenance | None = None) -> str:
    """Returns a TextGrid in long form with one tier "speech"; there is no room for the provenance.

    The tier covers the recording; where its length is not known, it ends with the last segment. What lies before
    the start of the recording is cut off.

    Raises:
        ConfigError: unless there is exactly one entry.
    """
    entry = one_entry(entries, "a TextGrid")
    ends = [segment.end for segment in entry.speech] + [entry.duration_s or 0.0]
    # Praat refuses a grid without length.
    length = max(*ends, 0.000001) if entry.duration_s is not None or len(entry.speech) else 1.0
    cut = ((max(0.0, s.start), min(length, s.end)) for s in entry.speech)
    pieces = [(start, end, "speech") for start, end in cut if start < end]
    pieces += [(s.start, s.end, "") for s in Timeline(entry.speech).gaps(0.0, length)]
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {length:.6f}",
        "tiers? <exists>",
        "size = 1",
        "item []:",
        "    item [1]:",
        '        class = "IntervalTier"',
        '        name = "speech"',
        "        xmin = 0",
        f"        xmax = {length:.6f}",
        f"        intervals: size = {len(pieces)}",
    ]
    for number, (start, end, label) in enumerate(sorted(pieces), 1):
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {start:.6f}",
            f"            xmax = {end:.6f}",
            f'            text = "{label}"',
        ]
    return "\n".join(lines) + "\n"
