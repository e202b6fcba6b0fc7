"""What the label formats share: labelled spans, which labels are speech, entries to write, problems by line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vad.errors import ConfigError, ManifestError, did_you_mean, one_a_line
from vad.frames import samples_to_seconds, seconds_to_samples
from vad.segments import Segment, Timeline

NOT_SPEECH = frozenset(
    (
        "",
        "#",
        "_",
        "h#",
        "epi",
        "pau",
        "pause",
        "sil",
        "silence",
        "sp",
        "<p:>",
        "noise",
        "background",
        "music",
        "no speech",
        "non speech",
        "nonspeech",
        "unvoiced",
    )
)
"""Labels that tools write where nobody speaks, as `_plain` leaves them."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of a recording, as a file states it.

    Args:
        start: in seconds.
        end: in seconds, after `start`.
        label: what the file calls it; may be empty.
        recording: name of the recording where the format has one, else empty.
        tier: name of the tier or channel where the format has one, else empty.
    """

    start: float
    end: float
    label: str = ""
    recording: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class SpeechLabels:
    """Which spans of a label file are speech.

    Labels are compared without regard to case, surrounding brackets and hyphens: ``[Music]`` is ``music``.

    Args:
        tier: only this tier counts; None takes all.
        only: only these labels are speech; None takes all but `ignored`.
        ignored: labels that are not speech when `only` is None.
    """

    tier: str | None = None
    only: frozenset[str] | None = None
    ignored: frozenset[str] = NOT_SPEECH

    def select(self, spans: Iterable[Span], where: str) -> dict[str, Timeline]:
        """Returns the speech of each recording; one without any has an empty timeline.

        Raises:
            ManifestError: when `tier` is not in the file.
        """
        spans = list(spans)
        tiers = dict.fromkeys(span.tier for span in spans)
        if self.tier is not None and spans and self.tier not in tiers:
            names = ", ".join(map(repr, tiers))
            raise ManifestError(f"{where}: no tier {self.tier!r}{did_you_mean(self.tier, tiers)}; it has {names}")
        found: dict[str, list[Segment]] = {span.recording: [] for span in spans}
        for span in spans:
            if (self.tier is None or span.tier == self.tier) and self._is_speech(span.label):
                found[span.recording].append(Segment(span.start, span.end))
        return {recording: Timeline(segments) for recording, segments in found.items()}

    def _is_speech(self, label: str) -> bool:
        plain = _plain(label)
        if self.only is not None:
            return plain in {_plain(name) for name in self.only}
        return plain not in {_plain(name) for name in self.ignored}


def _plain(label: str) -> str:
    stripped = label.strip()
    if len(stripped) > 2 and stripped[0] + stripped[-1] in ("[]", "()", "**", "♪♪"):
        stripped = stripped[1:-1]
    return stripped.strip().lower().replace("-", " ")


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording to write.

    Args:
        recording: its name, as the output is to show it.
        speech: its segments in order. In a plain list, segments that touch stay apart.
        duration_s: its length in seconds, where known.
        sample_rate: its own, in Hz, where known; times in samples need it.
    """

    recording: str
    speech: Timeline | Sequence[Segment]
    duration_s: float | None = None
    sample_rate: int | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where segments come from, for formats that have room to say so.

    Args:
        tool: name and version.
        model: name of the model, where there is one.
        fingerprint: of the model, where there is one.
        settings: thresholds and durations that decided.
    """

    tool: str
    model: str | None = None
    fingerprint: str | None = None
    settings: Mapping[str, Any] | None = None


UNITS = ("s", "ms", "samples")
"""What times are written in: seconds, milliseconds, samples at the recording's own rate."""


def to_unit(seconds: float, unit: str, sample_rate: int | None) -> float | int:
    """Returns a time in one of `UNITS`, exact to the sample at 16 kHz.

    Raises:
        ConfigError: when the unit is samples and the sample rate is not known.
    """
    if unit == "s":
        return round(seconds, 6)
    if unit == "ms":
        return round(seconds * 1000, 3)
    if sample_rate is None:
        raise ConfigError("times in samples need the recording's sample_rate, which is not known here")
    return seconds_to_samples(seconds, sample_rate)


def from_unit(time: float, unit: str, sample_rate: int | None) -> float:
    """Returns a time of one of `UNITS` in seconds; samples need their rate."""
    if unit == "samples" and sample_rate:
        return samples_to_seconds(round(time), sample_rate)
    return time / 1000 if unit == "ms" else time


class Problems:
    """Collects what is wrong with a file, line by line, to say all of it at once."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._lines: list[str] = []

    def add(self, line: int, problem: str) -> None:
        """Notes a problem of a line, counted from 1."""
        self._lines.append(f"{self.where}:{line}: {problem}")

    def seconds(self, text: str, line: int, what: str) -> float | None:
        """Returns a time in seconds, or notes why it is none."""
        if _NUMBER.fullmatch(text.strip()) and math.isfinite(float(text)):
            return float(text)
        self.add(line, f"{what} must be a time in seconds; received {text.strip()!r}")
        return None

    def is_forward(self, start: float | None, end: float | None, line: int) -> bool:
        """Returns whether a span is one, and notes it when its end is not after its start."""
        if start is None or end is None:
            return False
        if end <= start:
            self.add(line, f"the end must be after the start; received {start:g} to {end:g}")
        return start < end

    def check(self) -> None:
        """Raises what was noted.

        Raises:
            ManifestError: one line per problem.
        """
        if self._lines:
            raise ManifestError(one_a_line(self._lines, "correct these first", self.where))


def one_entry(entries: Sequence[Entry], name: str) -> Entry:
    """Returns the only entry, for formats that hold one recording.

    Raises:
        ConfigError: when there are none or several.
    """
    if len(entries) != 1:
        raise ConfigError(f"{name} holds one recording; received {len(entries)}: write one file for each")
    return entries[0]


def clock(seconds: float, decimal_mark: str) -> str:
    """Returns a time as ``HH:MM:SS,mmm``, rounded to milliseconds; before the start is at the start."""
    ms = max(0, math.floor(seconds * 1000 + 0.5))
    return f"{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}{decimal_mark}{ms % 1000:03d}"
