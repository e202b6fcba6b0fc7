"""Receiver operating characteristic of pooled cells, and every measure read off it.

A :class:`RocCurve` holds, for each distinct value in descending order, how many speech and non-speech cells have
that value or a higher one. Ties are therefore one step, never an arbitrary order, and every measure is exact. Between
two neighbouring points the curve is a straight line (what tossing a coin between the two thresholds reaches), which is
also what an engine with few distinct values, such as WebRTC with its four modes, is judged by.

A measure that has no meaning, such as the area under the curve without a speech cell, is ``nan``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FALSE_ALARM_COST", "MISS_COST", "Confusion", "RocCurve", "ratio"]

MISS_COST = 0.75
"""Weight of the miss rate in the detection cost function (NIST OpenSAD, OpenSAT; Fearless Steps SAD)."""
FALSE_ALARM_COST = 0.25
"""Weight of the false alarm rate in the detection cost function."""


def ratio(part: float, whole: float) -> float:
    """Returns ``part / whole``, ``nan`` where the whole is zero."""
    return part / whole if whole > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many cells fell where, at one threshold.

    Attributes:
        hits: speech cells called speech.
        misses: speech cells called non-speech.
        false_alarms: non-speech cells called speech.
        rejections: non-speech cells called non-speech.
    """

    hits: float
    misses: float
    false_alarms: float
    rejections: float

    @property
    def precision(self) -> float:
        """Share of the cells called speech that are speech."""
        return ratio(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float:
        """Share of the speech cells called speech (true positive rate)."""
        return ratio(self.hits, self.hits + self.misses)

    @property
    def false_alarm_rate(self) -> float:
        """Share of the non-speech cells called speech (false positive rate)."""
        return ratio(self.false_alarms, self.false_alarms + self.rejections)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; ``nan`` without a speech cell."""
        if self.hits + self.misses == 0:
            return float("nan")
        return ratio(2 * self.hits, 2 * self.hits + self.misses + self.false_alarms)

    @property
    def dcf(self) -> float:
        """Detection cost ``0.75 P_miss + 0.25 P_fa``; ``nan`` when one of the classes is absent."""
        return MISS_COST * (1.0 - self.recall) + FALSE_ALARM_COST * self.false_alarm_rate


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Cumulative counts per distinct value, descending.

    Attributes:
        thresholds: float64 ``(k,)``, the distinct values, descending; "speech" means value >= threshold.
        hits: float64 ``(k,)``, weighted number of speech cells at or above each threshold.
        false_alarms: float64 ``(k,)``, weighted number of non-speech cells at or above each threshold.
    """

    thresholds: NDArray[np.float64]
    hits: NDArray[np.float64]
    false_alarms: NDArray[np.float64]

    @property
    def n_speech(self) -> float:
        """Weighted number of speech cells."""
        return float(self.hits[-1]) if self.hits.size else 0.0

    @property
    def n_nonspeech(self) -> float:
        """Weighted number of non-speech cells."""
        return float(self.false_alarms[-1]) if self.false_alarms.size else 0.0

    @property
    def is_two_class(self) -> bool:
        """Whether there is at least one cell of either class."""
        return self.n_speech > 0 and self.n_nonspeech > 0

    def rates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns false and true positive rates, each float64 ``(k + 1,)``, from (0, 0) to (1, 1)."""
        fpr = np.concatenate(([0.0], self.false_alarms)) / self.n_nonspeech
        tpr = np.concatenate(([0.0], self.hits)) / self.n_speech
        return fpr, tpr

    def at(self, threshold: float) -> Confusion:
        """Counts the cells at one threshold: speech where value >= threshold, both as float32.

        Values are float32, and decisions round thresholds alike: else a value that equals a threshold of 0.7 would
        lie below it.
        """
        above = int(np.searchsorted(-self.thresholds.astype(np.float32), -np.float32(threshold), side="right"))
        hits = float(self.hits[above - 1]) if above else 0.0
        false_alarms = float(self.false_alarms[above - 1]) if above else 0.0
        return Confusion(hits, self.n_speech - hits, false_alarms, self.n_nonspeech - false_alarms)

    def auc(self) -> float:
        """Area under the curve: the chance that a speech cell scores above a non-speech cell, ties counting half.

        References:
            Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143 (1982).
        """
        if not self.is_two_class:
            return float("nan")
        fpr, tpr = self.rates()
        return float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1])) / 2.0)

    def average_precision(self) -> float:
        """Precision averaged over the steps of recall, ``sum((R_i - R_{i-1}) P_i)`` (as scikit-learn defines it)."""
        if self.n_speech == 0:
            return float("nan")
        called = self.hits + self.false_alarms
        steps = np.diff(self.hits, prepend=0.0) / self.n_speech
        precision = np.divide(self.hits, called, out=np.zeros_like(called), where=called > 0)
        return float(np.sum(steps * precision))

    def best_f1(self) -> tuple[float, float]:
        """Returns the highest F1 over all thresholds, and the threshold that gives it."""
        if self.n_speech == 0:
            return float("nan"), float("nan")
        f1 = 2 * self.hits / (self.n_speech + self.hits + self.false_alarms)
        best = int(np.argmax(f1))
        return float(f1[best]), float(self.thresholds[best])

    def min_dcf(self) -> float:
        """Lowest detection cost over all thresholds, calling everything or nothing speech included."""
        if not self.is_two_class:
            return float("nan")
        fpr, tpr = self.rates()
        return float(np.min(MISS_COST * (1.0 - tpr) + FALSE_ALARM_COST * fpr))

    def eer(self) -> float:
        """Equal error rate: where the curve crosses miss rate = false alarm rate."""
        if not self.is_two_class:
            return float("nan")
        fpr, tpr = self.rates()
        excess = fpr - (1.0 - tpr)
        after = int(np.argmax(excess >= 0))
        share = -excess[after - 1] / (excess[after] - excess[after - 1])
        return float(fpr[after - 1] + share * (fpr[after] - fpr[after - 1]))

    def tpr_at_fpr(self, fpr: float) -> float:
        """True positive rate where the false positive rate is `fpr` (highest one on a vertical step)."""
        return _read(*self.rates(), fpr) if self.is_two_class else float("nan")

    def fpr_at_fnr(self, fnr: float) -> float:
        """False positive rate where the miss rate is `fnr` (lowest one on a horizontal step)."""
        if not self.is_two_class:
            return float("nan")
        fpr, _ = self.rates()
        # Not 1 - tpr, which is off by a rounding and then misses its step.
        misses = self.n_speech - np.concatenate(([0.0], self.hits))
        return _read(misses[::-1] / self.n_speech, fpr[::-1], fnr)


def _read(x: NDArray[np.float64], y: NDArray[np.float64], at: float) -> float:
    """Reads a polyline with ascending `x` at `at`: on a vertical step its last point."""
    left = int(np.searchsorted(x, at, side="right")) - 1
    if left == x.size - 1 or x[left] == at:
        return float(y[left])
    share = (at - x[left]) / (x[left + 1] - x[left])
    return float(y[left] + share * (y[left + 1] - y[left]))
