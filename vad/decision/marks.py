"""What the decision machine finds, in samples, and after how many frames it is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """A segment has begun that will not be dropped.

    Args:
        start: its first sample, pad included; final.
        onset: the first sample of its speech.
        known: frames heard when this became certain, whatever the chunks.
    """

    start: int
    onset: int
    known: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The segment that was last said to have begun is over.

    Args:
        start: its first sample.
        end: the sample after its last, pad included.
        offset: the sample after the last of its speech.
        known: frames heard when this became certain.
    """

    start: int
    end: int
    offset: int
    known: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """What began like speech was shorter than `min_speech_s`, or nowhere reached `confirm_threshold`.

    Args:
        start: its first sample.
        end: the sample after its last.
        known: frames heard when this became certain.
    """

    start: int
    end: int
    known: int


@dataclass(slots=True)
class Pending:
    """A kept segment that what follows may still extend: no mark of it yet but its start.

    Args:
        start: its first sample, pad included.
        end: the sample after its last, pad included.
        offset: the sample after the last of its speech.
    """

    start: int
    end: int
    offset: int


Mark = Started | Ended | Dropped
"""One of what the machine finds. Starts and ends alternate, and so do their times."""
