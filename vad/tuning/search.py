"""Searches thresholds and durations, a few at a time, until no change is for the better."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from vad.decision import DecisionRule
from vad.errors import ConfigError
from vad.tuning.costs import Counts, Judge, delay_at
from vad.tuning.spans import Finder, Found

SEARCHED: Final = (
    "onset_threshold", "offset_threshold", "hangover_s", "min_speech_s", "min_silence_s", "pad_start_s", "pad_end_s",
    "confirm_threshold",
)  # fmt: skip
"""The fields of a rule that are searched; the others stay as they are."""

_ONSETS = (0.02, *(n / 20 for n in range(1, 20)), 0.98)
_DROPS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
_CONFIRMS = (None, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
_GRID: Final[dict[str, tuple[float, ...]]] = {
    "hangover_s": (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3),
    "min_speech_s": (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
    "min_silence_s": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0),
    "pad_start_s": (0.0, 0.02, 0.05, 0.08, 0.1, 0.15, 0.2),
    "pad_end_s": (0.0, 0.02, 0.05, 0.08, 0.1, 0.15, 0.2),
}
# Fields that stand in for one another are searched together.
_GROUPS = (("hangover_s", "min_silence_s"), ("min_speech_s",), ("pad_start_s", "pad_end_s"))
_ROUNDS = 6
# One way downhill may end in a hollow: the search begins here as well, low and high, at short pauses and at long ones.
_ELSEWHERE: Final[tuple[dict[str, Any], ...]] = tuple(
    {"onset_threshold": onset, "offset_threshold": offset, "confirm_threshold": None, "min_silence_s": silence}
    for onset, offset in ((0.5, 0.35), (0.8, 0.6))
    for silence in (0.1, 0.7)
)
# A change has to be worth something, or rounding would decide between equals.
_GAIN = 1e-7


@dataclass(frozen=True, slots=True)
class Aim:
    """What is searched for.

    Args:
        cost: one of `vad.tuning.costs.COSTS`.
        max_delay_s: the end of speech has to be known within this, for nine of ten ends; None sets no bound.
        max_alarms_per_hour: as many segments may be found in an hour of recordings without speech; None sets no bound.
        max_unheard: of this share of the recordings with speech, no speech may be found at all; None sets no bound.
    """

    cost: str
    max_delay_s: float | None = None
    max_alarms_per_hour: float | None = None
    max_unheard: float | None = None


class Search:
    """Finds the rule that serves an aim best.

    Args:
        finder: applies rules.
        judge: counts what they find.
        aim: what is searched for.
    """

    def __init__(self, finder: Finder, judge: Judge, aim: Aim) -> None:
        self._finder, self._judge, self._aim = finder, judge, aim
        self.n_tried = 0

    def best(self, start: DecisionRule, held: Collection[str] = ()) -> DecisionRule:
        """Returns the best rule that is reached from one, or from `_ELSEWHERE`, by changes of some fields at a time.

        Args:
            start: where to begin; its `merge_gap_s` and `max_speech_s` stay.
            held: fields that stay as well.

        Raises:
            ConfigError: when no rule keeps the bounds.
        """
        rule, price = self._settled(start, held)
        for changes in _ELSEWHERE:
            other = _changed(start, {name: value for name, value in changes.items() if name not in held})
            if other is not None and other != start:
                reached, found = self._settled(other, held)
                if found < _less(price):
                    rule, price = reached, found
        if price[0] > 0:
            raise ConfigError(f"tune: no rule that was tried {self._shortfall(rule)}: allow that much")
        return rule

    def _settled(self, rule: DecisionRule, held: Collection[str]) -> tuple[DecisionRule, tuple[float, float]]:
        """Lets durations settle before what confirms is searched: it can make up for bad ones, and keeps them then."""
        rule, _ = self._reached(rule, {*held, "confirm_threshold"})
        return self._reached(rule, held)

    def _reached(self, rule: DecisionRule, held: Collection[str]) -> tuple[DecisionRule, tuple[float, float]]:
        """Changes some fields at a time until nothing gets better; returns the rule and its price."""
        price = self._price(rule)
        for _ in range(_ROUNDS):
            before = price
            for candidates in (self._thresholds, self._durations, self._confirmations):
                for changes in candidates(rule, held):
                    candidate = _changed(rule, changes)
                    if candidate is None or candidate == rule:
                        continue
                    found = self._price(candidate)
                    if found < _less(price):
                        rule, price = candidate, found
            if price >= _less(before):
                break
        return rule, price

    def _price(self, rule: DecisionRule) -> tuple[float, float]:
        """Returns what is to become least: by how much bounds are broken first, then the cost."""
        self.n_tried += 1
        found = self._finder.find(rule)
        counts = self._judge.count(found.starts, found.stops)
        value = counts.measures()[self._aim.cost]
        if math.isnan(value):
            raise ConfigError(f"tune: the recordings have no {self._aim.cost}: some of them must hold speech")
        excess = sum(max(0.0, value / bound - 1.0) for value, bound in self._bounded(found, counts).values())
        return excess, -value if self._aim.cost == "f1" else value

    def _bounded(self, found: Found, counts: Counts) -> dict[str, tuple[float, float]]:
        """Returns by field of the aim what is reached and what is allowed, where that can be told."""
        aim, reached = self._aim, {}
        if aim.max_delay_s is not None:
            reached["max_delay_s"] = delay_at(self._judge.delays(found)), aim.max_delay_s
        if aim.max_alarms_per_hour is not None:
            reached["max_alarms_per_hour"] = self._judge.alarms_per_hour(found), aim.max_alarms_per_hour
        if aim.max_unheard is not None:
            reached["max_unheard"] = counts.unheard_rate(), aim.max_unheard
        return {name: pair for name, pair in reached.items() if not math.isnan(pair[0])}

    def _shortfall(self, rule: DecisionRule) -> str:
        """Says which bounds a rule breaks, and by how much."""
        found = self._finder.find(rule)
        bounded = self._bounded(found, self._judge.count(found.starts, found.stops))
        broken = {name: pair for name, pair in bounded.items() if pair[0] > pair[1]}
        said = {
            "max_delay_s": "knows nine of ten ends of speech within {1:g} s; the nearest takes {0:.3f} s",
            "max_alarms_per_hour": "has at most {1:g} false alarms an hour; the nearest has {0:.1f}",
            "max_unheard": "leaves at most {1:g} of the recordings with speech unheard; the nearest leaves {0:.3f}",
        }
        return ", or ".join(said[name].format(*pair) for name, pair in broken.items())

    def _thresholds(self, rule: DecisionRule, held: Collection[str]) -> Iterator[dict[str, Any]]:
        onsets = [rule.onset_threshold]
        if "onset_threshold" not in held:
            near = [rule.onset_threshold + step / 100 for step in range(-4, 5)]
            onsets = sorted({round(onset, 4) for onset in (*_ONSETS, *near) if 0 < onset < 1})
        for onset in onsets:
            if "offset_threshold" in held:
                yield {"onset_threshold": onset}
                continue
            # Below a few thousandths everything is speech for ever.
            for offset in sorted({max(0.005, round(onset - drop, 4)) for drop in _DROPS}):
                yield {"onset_threshold": onset, "offset_threshold": min(onset, offset)}

    def _confirmations(self, rule: DecisionRule, held: Collection[str]) -> Iterator[dict[str, Any]]:
        """Yields what confirms with onsets, since a lower onset may go with it; the offset keeps its distance."""
        if "confirm_threshold" in held:
            return
        onsets = {rule.onset_threshold, *(_ONSETS if "onset_threshold" not in held else ())}
        drop = rule.onset_threshold - rule.offset_threshold
        for confirm, onset in itertools.product(_CONFIRMS, sorted(onsets)):
            changes = {"confirm_threshold": confirm, "onset_threshold": onset}
            if "offset_threshold" not in held:
                changes["offset_threshold"] = min(onset, max(0.005, round(onset - drop, 4)))
            yield changes

    def _durations(self, rule: DecisionRule, held: Collection[str]) -> Iterator[dict[str, Any]]:
        for group in _GROUPS:
            free = [name for name in group if name not in held]
            for values in itertools.product(*(_GRID[name] for name in free)):
                yield dict(zip(free, values, strict=True))


def _changed(rule: DecisionRule, changes: dict[str, Any]) -> DecisionRule | None:
    """Returns the rule with changes, None where they do not go together."""
    try:
        return rule.replace(changes)
    except ConfigError:
        return None


def _less(price: tuple[float, float]) -> tuple[float, float]:
    return price[0] - (_GAIN if price[0] > 0 else 0), price[1] - _GAIN
