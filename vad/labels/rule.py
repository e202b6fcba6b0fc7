"""The rule by which energy labels speech: thresholds, and what counts as a pause."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from vad.errors import ConfigError


@dataclass(frozen=True)
class LabelRule:
    """How speech is found on a clean recording by its energy.

    The threshold lies `offset_db` above the noise floor of the recording, but never more than `max_range_db` below
    its loudest parts (or breaths of a quiet recording were speech) and never less than `min_range_db` below them (or
    recordings without any pause had none of their soft sounds). Speech enters `onset_db` above the floor and lasts
    until it falls below the threshold. What is far below the loudest parts is speech only beside louder speech: soft
    starts and ends of words are, breaths in pauses and the tails of rooms are not, though both rise above the floor.

    Args:
        floor_percentile: the noise floor is this percentile of the levels, digital silence left out.
        onset_db: level above the floor that speech must reach.
        offset_db: level above the floor that it must keep, at most `onset_db`.
        min_range_db: the threshold lies at least so far below the loudest parts.
        max_range_db: and at most so far.
        weak_range_db: what is this far below the loudest parts is weak; from `max_range_db` on, nothing is.
        weak_s: weak sound counts this long before and after what is not weak, and nowhere else.
        low_cut_hz: energy below does not count (rumble, hum).
        max_gap_s: pauses up to this length inside speech count as speech: stop closures, not pauses.
        min_speech_s: what is shorter after that is dropped: clicks, lips.
        pad_start_s: speech starts this much earlier than its energy.
        pad_end_s: and ends this much later.
        collar_s: frames this close to a boundary are masked out; 0 masks none.

    Raises:
        ConfigError: when a value is negative or bounds cross.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    floor_percentile: float = 8.0
    onset_db: float = 10.0
    offset_db: float = 6.0
    min_range_db: float = 20.0
    max_range_db: float = 35.0
    weak_range_db: float = 22.0
    weak_s: float = 0.08
    low_cut_hz: float = 120.0
    max_gap_s: float = 0.15
    min_speech_s: float = 0.06
    pad_start_s: float = 0.0
    pad_end_s: float = 0.0
    collar_s: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ConfigError(f"{field.name} must not be negative; received {getattr(self, field.name)}")
        for low, high in (("offset_db", "onset_db"), ("min_range_db", "max_range_db")):
            if getattr(self, low) > getattr(self, high):
                raise ConfigError(
                    f"{low} must not be above {high}; received {getattr(self, low)} and {getattr(self, high)}"
                )
        if self.floor_percentile > 50:
            raise ConfigError(f"floor_percentile must be at most 50; received {self.floor_percentile}")
