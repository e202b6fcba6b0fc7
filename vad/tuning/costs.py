"""What a rule costs: pooled frame measures, false alarms, and how long the end of speech takes to be known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.metrics.roc import FALSE_ALARM_COST, MISS_COST, ratio
from vad.tuning.bank import Bank
from vad.tuning.spans import Found

COSTS: Final = ("f1", "dcf", "der")
"""What can be searched for: the largest F1, the least detection cost, the least detection error rate."""
DELAY_SHARE: Final = 0.9
"""Share of the ends of speech that a constraint on the delay is about."""
SETTLED_S: Final = 1.0
"""An end of speech is one only where silence follows for this long, in seconds."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Scored frames of one recording or of many; all are summed over.

    Args:
        speech: float64 ``(…,)``, reference speech.
        nonspeech: reference non-speech.
        hits: speech that was found.
        false_alarms: non-speech that was called speech.
        spoken: float64 ``(…,)``, reference speech, in collars too.
        heard: what of that was found.
    """

    speech: NDArray[np.float64]
    nonspeech: NDArray[np.float64]
    hits: NDArray[np.float64]
    false_alarms: NDArray[np.float64]
    spoken: NDArray[np.float64]
    heard: NDArray[np.float64]

    def measures(self, weights: NDArray[np.int64] | None = None) -> dict[str, float]:
        """Returns f1, dcf, der, miss_rate and false_alarm_rate, recordings weighted; ``nan`` where nothing is."""
        weight = np.ones(len(self.speech)) if weights is None else weights
        speech, nonspeech, hits, false_alarms = (
            float(weight @ part) for part in (self.speech, self.nonspeech, self.hits, self.false_alarms)
        )
        miss, alarm = ratio(speech - hits, speech), ratio(false_alarms, nonspeech)
        # Without speech there is nothing to miss, without non-speech no false alarm.
        shares = [cost * rate for cost, rate in ((MISS_COST, miss), (FALSE_ALARM_COST, alarm)) if not math.isnan(rate)]
        return {
            "f1": ratio(2 * hits, hits + false_alarms + speech),
            "dcf": sum(shares) if shares else math.nan,
            "der": ratio(speech - hits + false_alarms, speech),
            "miss_rate": miss,
            "false_alarm_rate": alarm,
        }

    def unheard_rate(self) -> float:
        """Returns the share of the recordings with speech of which none was found; ``nan`` where none has any.

        Collars count: a short word may lie in them as a whole.
        """
        spoken = self.spoken > 0
        return ratio(float(np.count_nonzero(spoken & (self.heard == 0))), float(np.count_nonzero(spoken)))


class Judge:
    """Counts what rules find against the labels of a bank.

    Args:
        bank: the recordings.
        settled_s: silence that must follow an end of speech for its delay to count, in seconds.
    """

    def __init__(self, bank: Bank, *, settled_s: float = SETTLED_S) -> None:
        self._bank = bank
        speech = bank.labels & bank.scored
        nonspeech = ~bank.labels & bank.scored
        self._speech, self._nonspeech, self._spoken = _sums(speech), _sums(nonspeech), _sums(bank.labels)
        self._totals = [sums[bank.stops] - sums[bank.firsts] for sums in (self._speech, self._nonspeech, self._spoken)]
        self._turns = self._turn_ends(settled_s)
        # A recording whose speech lies in collars is no recording without speech.
        self._silent = self._totals[2] == 0
        frames = float((bank.stops - bank.firsts)[self._silent].sum())
        self._silent_h = frames * bank.grid.hop_length / bank.grid.sample_rate / 3600

    def count(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Counts:
        """Counts segments, given by their first frames and the frames after their last, by recording."""
        owner = np.searchsorted(self._bank.stops, starts, side="right")
        hits, alarms, heard = (
            np.bincount(owner, sums[stops] - sums[starts], len(self._bank)).astype(np.float64)
            for sums in (self._speech, self._nonspeech, self._spoken)
        )
        speech, nonspeech, spoken = self._totals
        return Counts(speech, nonspeech, hits, alarms, spoken, heard)

    def count_frames(self, found: NDArray[np.bool_]) -> Counts:
        """Counts what was decided frame by frame, by recording."""
        edges = np.flatnonzero(np.diff(found, prepend=False, append=False))
        return self.count(edges[::2], edges[1::2])

    def alarms_per_hour(self, found: Found) -> float:
        """Returns how many segments are found an hour in recordings without speech; ``nan`` where there are none."""
        owner = np.searchsorted(self._bank.stops, found.starts, side="right")
        return ratio(float(np.count_nonzero(self._silent[owner])), self._silent_h)

    def delays(self, found: Found) -> NDArray[np.float64]:
        """Returns how long after each end of speech it was known, in seconds.

        An end of the reference counts where silence follows for `settled_s` within the recording. It is known when
        the end of the last segment that touches that stretch of speech is; where no segment does, never: infinity.
        """
        starts, stops = self._turns
        last = np.searchsorted(found.starts, stops, side="left") - 1
        touched = last >= 0
        touched[touched] = found.stops[last[touched]] > starts[touched]
        grid = self._bank.grid
        seconds = np.full(len(stops), np.inf)
        seconds[touched] = (found.known[last[touched]] - stops[touched]) * grid.hop_length / grid.sample_rate
        return seconds

    def _turn_ends(self, settled_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        bank = self._bank
        edges = np.flatnonzero(np.diff(bank.labels, prepend=False, append=False))
        starts, stops = edges[::2], edges[1::2]
        owner = np.searchsorted(bank.stops, starts, side="right")
        settled = settled_s * bank.grid.sample_rate / bank.grid.hop_length
        following = np.append(starts[1:], np.iinfo(np.int64).max)
        ends = np.minimum(following, bank.stops[owner] if len(owner) else following[:0])
        kept = ends - stops >= settled
        return starts[kept], stops[kept]


def delay_at(delays: NDArray[np.float64], share: float = DELAY_SHARE) -> float:
    """Returns the delay that a share of the ends keeps to; ``nan`` without ends."""
    return float(np.quantile(delays, share, method="higher")) if len(delays) else math.nan


def _sums(flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(flags, dtype=np.float64)])
