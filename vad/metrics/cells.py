"""Frame measures: cells of 10 ms pooled over recordings, see `vad.metrics.grid` for how values get there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vad.errors import NonFiniteError, ShapeError
from vad.metrics.grid import SHIFTS
from vad.metrics.roc import RocCurve, ratio

__all__ = ["FramePool", "calibration_error", "frame_measures"]

CALIBRATION_BINS: Final = 10
"""Equal-width bins of the calibration error."""
_NOT_SCORED: Final = 2


@dataclass(frozen=True, slots=True)
class _Sorted:
    """All scored cells in descending order of value: `ends` are the last places of each distinct value."""

    thresholds: NDArray[np.float64]
    ends: NDArray[np.int64]
    recording: NDArray[np.int32]
    is_speech: NDArray[np.bool_]


class FramePool:
    """Cells of many recordings, kept apart by recording so that recordings can be weighted.

    Five bytes per cell (1.8 MB an hour); sorted once, whatever is asked of it; a weighted curve costs one pass. Not
    safe to add to from several threads; give each its own and `merge`.
    """

    def __init__(self) -> None:
        self._labels: list[NDArray[np.uint8]] = []
        self._values: list[NDArray[np.float32]] = []
        self._sorted: _Sorted | None = None
        self._table: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        """Number of recordings."""
        return len(self._labels)

    def add(self, labels: ArrayLike, values: ArrayLike, mask: ArrayLike | None = None) -> None:
        """Adds one recording.

        Args:
            labels: ``(n,)`` 1 or True for speech.
            values: ``(n,)`` finite, the higher the more like speech.
            mask: ``(n,)`` 1 or True where a cell is scored; None scores all of them.

        Raises:
            ShapeError: the arrays differ in length.
            NonFiniteError: a value is not finite.
        """
        speech = np.asarray(labels).astype(bool)
        given = np.asarray(values, dtype=np.float32)
        scored = np.ones(speech.shape, bool) if mask is None else np.asarray(mask).astype(bool)
        if not speech.shape == given.shape == scored.shape or speech.ndim != 1:
            raise ShapeError(
                f"FramePool.add: labels, values and mask must all be (n,), got {speech.shape}, {given.shape}, "
                f"{scored.shape}; put them on one grid first (values_at_cells)"
            )
        if not np.isfinite(given).all():
            raise NonFiniteError(
                f"FramePool.add: values must be finite, got {int((~np.isfinite(given)).sum())} that are not; "
                "an engine that gives nan has failed"
            )
        self._labels.append(np.where(scored, speech, _NOT_SCORED).astype(np.uint8))
        self._values.append(given)
        self._sorted = self._table = None

    def merge(self, other: FramePool) -> None:
        """Adds the recordings of another pool behind those of this one."""
        self._labels.extend(other._labels)
        self._values.extend(other._values)
        self._sorted = self._table = None

    def select(self, recordings: Iterable[int]) -> FramePool:
        """Returns a pool of the recordings with these numbers, sharing their arrays."""
        chosen = FramePool()
        for number in recordings:
            chosen._labels.append(self._labels[number])
            chosen._values.append(self._values[number])
        return chosen

    def shifted(self, cells: int) -> FramePool:
        """Returns a pool whose values are `cells` later (earlier when negative); the value at the edge is repeated."""
        moved = FramePool()
        moved._labels = list(self._labels)
        for values in self._values:
            index = np.clip(np.arange(values.size) - cells, 0, max(values.size - 1, 0))
            moved._values.append(values[index])
        return moved

    def curve(self, weights: ArrayLike | None = None) -> RocCurve:
        """Returns the receiver operating characteristic of all scored cells.

        Args:
            weights: ``(n_recordings,)`` how often each recording counts; None counts each once.
        """
        order = self._order()
        if weights is None:
            hits = np.cumsum(order.is_speech, dtype=np.float64)
            total = np.arange(1, order.is_speech.size + 1, dtype=np.float64)
        else:
            weight = np.asarray(weights, dtype=np.float64)[order.recording]
            hits = np.cumsum(weight * order.is_speech)
            total = np.cumsum(weight)
        return RocCurve(order.thresholds, hits[order.ends], (total - hits)[order.ends])

    def calibration_table(self) -> NDArray[np.float64]:
        """Returns float64 ``(n_recordings, bins, 3)``: number of cells, sum of values, number of speech cells."""
        if self._table is not None:
            return self._table
        table = np.zeros((len(self), CALIBRATION_BINS, 3))
        for row, labels, values in zip(table, self._labels, self._values, strict=True):
            scored = labels != _NOT_SCORED
            kept = values[scored].astype(np.float64)
            bins = np.clip((kept * CALIBRATION_BINS).astype(np.int64), 0, CALIBRATION_BINS - 1)
            for column, weight in enumerate((np.ones_like(kept), kept, labels[scored])):
                row[:, column] = np.bincount(bins, weights=weight, minlength=CALIBRATION_BINS)
        self._table = table
        return table

    def best_shift(self, shifts: Iterable[int] = SHIFTS) -> tuple[int, float]:
        """Returns the shift in cells that gives the largest area under the curve, and that area.

        Of equal areas the smallest shift wins. The area is ``nan`` and the shift 0 where a class is absent.
        """
        best, best_auc = 0, self.curve().auc()
        for shift in sorted(shifts, key=abs):
            auc = self.shifted(shift).curve().auc()
            if auc > best_auc:
                best, best_auc = shift, auc
        return best, best_auc

    def _order(self) -> _Sorted:
        if self._sorted is None:
            labels = np.concatenate([np.zeros(0, np.uint8), *self._labels])
            values = np.concatenate([np.zeros(0, np.float32), *self._values])
            number = np.repeat(np.arange(len(self), dtype=np.int32), [part.size for part in self._labels])
            scored = np.flatnonzero(labels != _NOT_SCORED)
            order = scored[np.argsort(-values[scored], kind="stable")]
            ranked = values[order]
            ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if ranked.size else np.zeros(0, np.int64)
            self._sorted = _Sorted(ranked[ends].astype(np.float64), ends, number[order], labels[order] == 1)
        return self._sorted


def calibration_error(table: NDArray[np.float64], weights: ArrayLike | None = None) -> float:
    """Expected calibration error: mean over cells of |mean value - share of speech| of the cell's bin.

    Ten bins of equal width over [0, 1] (Naeini et al., "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015; Guo et al., ICML 2017). 0 means that 0.5 is right half of the time.

    Args:
        table: what `FramePool.calibration_table` returns.
        weights: ``(n_recordings,)`` how often each recording counts; None counts each once.
    """
    weight = np.ones(table.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)
    count, value, speech = np.einsum("r,rbc->cb", weight, table)
    return ratio(float(np.abs(value - speech).sum()), float(count.sum()))


def frame_measures(
    pool: FramePool, threshold: float, *, is_probability: bool = True, weights: ArrayLike | None = None
) -> dict[str, float]:
    """Returns every frame measure of pooled cells.

    Args:
        pool: cells of one engine.
        threshold: the engine's own threshold: speech where value >= threshold.
        is_probability: whether the values claim to be probabilities; without it there is no calibration error.
        weights: ``(n_recordings,)`` how often each recording counts; None counts each once.

    Returns:
        roc_auc, average_precision, f1 (at the threshold), best_f1, best_f1_threshold, eer, dcf (at the threshold),
        min_dcf, precision, recall, false_alarm_rate, miss_rate (at the threshold), tpr_at_fpr_05 (5 %),
        tpr_at_fpr_315 (31.5 %, the operating point of the AVA-Speech paper), far_at_frr_01 (1 %), calibration_error.
    """
    curve = pool.curve(weights)
    point = curve.at(threshold)
    best_f1, best_threshold = curve.best_f1()
    calibration = calibration_error(pool.calibration_table(), weights) if is_probability else float("nan")
    return {
        "roc_auc": curve.auc(),
        "average_precision": curve.average_precision(),
        "f1": point.f1,
        "best_f1": best_f1,
        "best_f1_threshold": best_threshold,
        "eer": curve.eer(),
        "dcf": point.dcf,
        "min_dcf": curve.min_dcf(),
        "precision": point.precision,
        "recall": point.recall,
        "miss_rate": 1.0 - point.recall,
        "false_alarm_rate": point.false_alarm_rate,
        "tpr_at_fpr_05": curve.tpr_at_fpr(0.05),
        "tpr_at_fpr_315": curve.tpr_at_fpr(0.315),
        "far_at_frr_01": curve.fpr_at_fnr(0.01),
        "calibration_error": calibration,
    }
