"""The thresholds and durations that turn posteriors into segments."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from vad.errors import ConfigError, did_you_mean

CONFIRM_WITHIN_S: Final = 10.0
"""So long a stretch of speech may wait for a posterior of `confirm_threshold`, in seconds."""
NO_CONDITION: Final[Mapping[str, float]] = {"max_speech_s": math.inf, "confirm_threshold": 0.0}
"""The fields that may be None, and the number that says None where only numbers can be written."""

# A limit that leaves less than this between the pads could not be kept to in whole frames.
_LEAST_LIMIT_S = 0.5
_DURATIONS = ("hangover_s", "min_speech_s", "min_silence_s", "pad_start_s", "pad_end_s", "merge_gap_s")


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """How posteriors become segments; `vad.decision` has the order in which the parts act.

    Args:
        onset_threshold: posterior that enters speech, in (0, 1].
        offset_threshold: posterior below which speech is left, in [0, `onset_threshold`].
        hangover_s: seconds that speech goes on after falling below `offset_threshold`.
        min_speech_s: speech shorter than this is dropped, seconds.
        min_silence_s: gaps shorter than this are filled, seconds.
        pad_start_s: seconds added before every segment.
        pad_end_s: seconds added after every segment.
        merge_gap_s: padded segments no further apart than this are merged, seconds.
        max_speech_s: no segment lasts longer than this, pads included, seconds; None sets no limit.
        confirm_threshold: speech that nowhere reaches this posterior is dropped, in [`onset_threshold`, 1]; None drops
            none for that.

    Raises:
        ConfigError: when a value is outside its range; the message names them all.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    onset_threshold: float = 0.5
    offset_threshold: float = 0.35
    hangover_s: float = 0.0
    min_speech_s: float = 0.1
    min_silence_s: float = 0.1
    pad_start_s: float = 0.0
    pad_end_s: float = 0.0
    merge_gap_s: float = 0.0
    max_speech_s: float | None = None
    confirm_threshold: float | None = None

    def __post_init__(self) -> None:
        problems = []
        if not 0 < self.onset_threshold <= 1:
            problems.append(f"onset_threshold must lie in (0, 1]; received {self.onset_threshold}")
        if not 0 <= self.offset_threshold <= 1:
            problems.append(f"offset_threshold must lie in [0, 1]; received {self.offset_threshold}")
        elif self.offset_threshold > self.onset_threshold:
            problems.append(
                "offset_threshold must not exceed onset_threshold; "
                f"received {self.offset_threshold} > {self.onset_threshold}"
            )
        if self.confirm_threshold is not None and not self.onset_threshold <= self.confirm_threshold <= 1:
            problems.append(
                f"confirm_threshold must lie in [onset_threshold, 1] = [{self.onset_threshold}, 1]; "
                f"received {self.confirm_threshold}"
            )
        for name in _DURATIONS:
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                problems.append(f"{name} must be a finite number of seconds >= 0; received {value}")
        if self.max_speech_s is not None and not problems:
            least = self.pad_start_s + self.pad_end_s + self.min_speech_s + _LEAST_LIMIT_S
            if not least <= self.max_speech_s < math.inf:
                problems.append(
                    f"max_speech_s must be finite and at least pad_start_s + pad_end_s + min_speech_s + "
                    f"{_LEAST_LIMIT_S:g} = {least:g} s; received {self.max_speech_s}"
                )
        if problems:
            raise ConfigError("decision: " + "; ".join(problems))

    def to_dict(self) -> dict[str, float | None]:
        """Returns the fields by name."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> DecisionRule:
        """Builds a rule from fields by name; absent ones take their defaults.

        Raises:
            ConfigError: when a name is unknown or a value is not a number in its range.
        """
        return cls().replace(fields)

    def replace(self, fields: dict[str, Any]) -> DecisionRule:
        """Returns this rule with other values for some fields.

        Raises:
            ConfigError: when a name is unknown or a value is not a number in its range.
        """
        valid = [field.name for field in dataclasses.fields(self)]
        for name, value in fields.items():
            if name not in valid:
                raise ConfigError(f"decision: unknown field {name!r}{did_you_mean(name, valid)}")
            if name in NO_CONDITION and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigError(f"decision: {name} must be a number; received {value!r}")
        changes: dict[str, Any] = {name: None if value is None else float(value) for name, value in fields.items()}
        return dataclasses.replace(self, **changes)
