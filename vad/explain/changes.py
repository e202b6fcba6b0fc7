"""What would change a decision: the smallest change of the sound, along directions that people understand.

The changes act on what the network hears from some seconds before the moment until it has decided, its look-ahead
included, as the same change of the sound would: a level in decibels multiplies the power of every band before the
logarithm and its floor. The search tries a grid of amounts, nearest first, and halves the gap to the first that flips
the decision; between two amounts of the grid it takes the network for monotone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vad.explain.bands import band_groups, named_bands
from vad.explain.batch import Batch, Runner
from vad.explain.forward import Trace
from vad.explain.network import Network
from vad.features.spec import FeatureSpec

__all__ = ["LONGEST_PAST_S", "Change", "Target", "find_changes"]

LONGEST_PAST_S: Final = 6.0
"""How far back changes reach, seconds; what was before is left as it was."""
_AMOUNTS_DB: Final = (1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 11.0, 15.0, 20.0, 26.0, 33.0, 40.0)
_HALVINGS: Final = 6
# What is of late, seconds before the frame.
_LATE_S: Final = 0.3
_RANKS: Final = {"level": 0, "band": 0, "silence": 1, "removal": 2, "restart": 3}

_Way = tuple[int, str, NDArray[np.bool_], float]
"""From which step on, what it is called, which bands, and whether they become stronger (1) or weaker (-1)."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a decision rests on.

    Args:
        is_speech: what was decided.
        threshold: the posterior that decides otherwise: speech ends below it, or begins from it on.
    """

    is_speech: bool
    threshold: float

    def flips(self, posteriors: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Returns for each posterior whether it would decide otherwise."""
        below = posteriors < self.threshold
        return below if self.is_speech else ~below


@dataclass(frozen=True, slots=True)
class Change:
    """A change and what comes of it.

    Args:
        kind: ``level``, ``band``, ``removal``, ``silence`` or ``restart``.
        subject: what is changed: "the last 6 s".
        predicate: how: "were 8.2 dB quieter".
        flips: whether the decision is another.
        posterior: with the change.
        amount: decibels for ``level`` and ``band``, seconds for ``silence`` and ``restart``; 0 for ``removal``. Of what
            does not flip the decision, the largest that was tried.
    """

    kind: str
    subject: str
    predicate: str
    flips: bool
    posterior: float
    amount: float

    @property
    def words(self) -> str:
        """The change as a clause."""
        return f"{self.subject} {self.predicate}"


def find_changes(
    network: Network, trace: Trace, step: int, *, target: Target, spec: FeatureSpec, lookahead: int
) -> tuple[Change, ...]:
    """Searches what would flip a decision.

    Args:
        network: the weights.
        trace: a run over the recording as it is.
        step: whose posterior decided.
        target: what was decided.
        spec: the front-end that the frames were made by.
        lookahead: steps between a frame and its posterior.

    Returns:
        What flips the decision first, the smallest amounts of each kind in front, then what does not.
    """
    search = _Search(network, trace, step, target, spec, lookahead)
    found = [*search.levels(), *search.removals(), *search.silences(), *search.restarts()]
    return tuple(sorted(found, key=lambda one: (not one.flips, _RANKS[one.kind], abs(one.amount))))


class _Search:
    def __init__(
        self, network: Network, trace: Trace, step: int, target: Target, spec: FeatureSpec, lookahead: int
    ) -> None:
        self._target, self._spec = target, spec
        self._step_s = spec.hop_length / spec.sample_rate
        first = max(0, step + 1 - round(LONGEST_PAST_S / self._step_s))
        frames = trace.frames[first : step + 1]
        self._power = np.maximum(0.0, np.exp(frames) - spec.log_floor).astype(np.float32)
        self._heard = frames.astype(np.float32)
        # Where the frame lies that is decided about.
        self._at = max(0, len(frames) - 1 - lookahead)
        self._runner = Runner(network, trace, first)
        self._past = f"the last {_time(self._at * self._step_s)}" if self._at else "the frame"

    def levels(self) -> list[Change]:
        """The level of everything, and of each group of bands, all along and of late."""
        ways = [(stretch, name, bands, sign) for stretch, name, bands in self._parts() for sign in (-1.0, 1.0)]
        table = self._gains([(way, amount) for way in ways for amount in _AMOUNTS_DB])
        table = table.reshape(len(ways), len(_AMOUNTS_DB))
        flips = self._target.flips(table).any(axis=1)
        places = np.where(flips, self._target.flips(table).argmax(axis=1), len(_AMOUNTS_DB) - 1)
        amounts = np.array(_AMOUNTS_DB)[places]
        least = np.array((0.0, *_AMOUNTS_DB))[places]
        reached = np.take_along_axis(table, places[:, np.newaxis], 1)[:, 0]
        flipping = np.flatnonzero(flips)
        for _ in range(_HALVINGS if len(flipping) else 0):
            middle = (amounts[flipping] + least[flipping]) / 2
            tried = self._gains([(ways[way], db) for way, db in zip(flipping, middle, strict=True)])
            enough = self._target.flips(tried)
            amounts[flipping] = np.where(enough, middle, amounts[flipping])
            reached[flipping] = np.where(enough, tried, reached[flipping])
            least[flipping] = np.where(enough, least[flipping], middle)
        return [
            _level(way, float(amount), bool(flip), float(posterior))
            for way, amount, flip, posterior in zip(ways, amounts, flips, reached, strict=True)
        ]

    def _parts(self) -> list[tuple[int, str, NDArray[np.bool_]]]:
        """Returns parts of what is heard: the step from which on, how they are called, and which bands."""
        everything = np.ones(self._spec.n_mels, bool)
        groups = [(f"what lies {named_bands(name)}", bands) for name, bands in band_groups(self._spec)]
        late = self._at - round(_LATE_S / self._step_s)
        parts = [(0, self._past, everything), *((0, name, bands) for name, bands in groups)]
        if late > 0:
            parts.append((late, f"the last {_time(_LATE_S)} alone", everything))
            parts += [(late, f"of the last {_time(_LATE_S)}, {name}", bands) for name, bands in groups]
        return parts

    def removals(self) -> list[Change]:
        """Groups of bands without any power."""
        ways = [(0, f"what lies {named_bands(name)}", bands, -1.0) for name, bands in band_groups(self._spec)]
        posteriors = self._gains([(way, np.inf) for way in ways])
        flips = self._target.flips(posteriors)
        return [
            Change("removal", way[1], "were gone", bool(flip), float(posterior), 0.0)
            for way, flip, posterior in zip(ways, flips, posteriors, strict=True)
        ]

    def silences(self) -> list[Change]:
        """Silence before the frame, for as long as it takes, and silence in the look-ahead."""
        found = []
        lengths = _lengths(self._at)
        if lengths:
            length, flip, posterior = self._shortest(lengths, self._silenced)
            seconds = length * self._step_s
            found.append(Change("silence", f"the {_time(seconds)} before it", "were silent", flip, posterior, seconds))
        after = len(self._heard) - 1 - self._at
        if after:
            frames = self._heard[np.newaxis].copy()
            frames[:, self._at + 1 :] = np.log(self._spec.log_floor)
            posteriors = self._runner.run(frames)
            flip = bool(self._target.flips(posteriors)[0])
            subject = f"the {_time(after * self._step_s)} after it, its look-ahead,"
            found.append(Change("silence", subject, "were silent", flip, float(posteriors[0]), after * self._step_s))
        return found

    def restarts(self) -> list[Change]:
        """The network without any memory of what was before, as late as it takes."""
        length, flip, posterior = self._shortest([*_lengths(self._at)[::-1], 0], self._forgotten)
        seconds = length * self._step_s
        what = f"was more than {_time(seconds)} before it" if length else "was before it"
        return [Change("restart", "the network", f"had forgotten what {what}", flip, posterior, seconds)]

    def _shortest(self, lengths: Sequence[int], run: Callable[[Sequence[int]], Batch]) -> tuple[int, bool, float]:
        """Returns the first of some lengths, in frames, that flips the decision, or the last where none does."""
        posteriors = run(lengths)
        flips = self._target.flips(posteriors)
        place = int(flips.argmax()) if flips.any() else len(lengths) - 1
        if flips.any() and place:
            # Between the last that was too little and the first that was enough; the latter is among them.
            step = 1 if lengths[-1] > lengths[0] else -1
            apart = max(1, abs(lengths[place] - lengths[place - 1]) // 64)
            lengths = list(range(lengths[place], lengths[place - 1], -step * apart))[::-1]
            posteriors = run(lengths)
            flips = self._target.flips(posteriors)
            place = int(flips.argmax())
        return lengths[place], bool(flips[place]), float(posteriors[place])

    def _silenced(self, lengths: Sequence[int]) -> Batch:
        frames = np.repeat(self._heard[np.newaxis], len(lengths), axis=0)
        for row, length in zip(frames, lengths, strict=True):
            row[self._at - length : self._at] = np.log(self._spec.log_floor)
        return self._runner.run(frames)

    def _forgotten(self, lengths: Sequence[int]) -> Batch:
        frames = np.repeat(self._heard[np.newaxis], len(lengths), axis=0)
        return self._runner.run(frames, restart=self._at - np.array(lengths))

    def _gains(self, gains: Sequence[tuple[_Way, float]]) -> Batch:
        """Returns the posteriors when parts of what is heard get this many decibels more or, by their sign, less."""
        power = np.repeat(self._power[np.newaxis], len(gains), axis=0)
        for variant, ((first, _, bands, sign), amount) in zip(power, gains, strict=True):
            variant[first:, bands] *= np.float32(10.0 ** (sign * amount / 10))
        return self._runner.run(np.log(power + np.float32(self._spec.log_floor)))


def _level(way: _Way, amount: float, flip: bool, posterior: float) -> Change:
    _, subject, bands, sign = way
    whole = bool(bands.all())
    comparative = ("quieter" if sign < 0 else "louder") if whole else ("weaker" if sign < 0 else "stronger")
    # Rounded up: the amount that is told is enough.
    stated = f"{np.ceil(10 * amount) / 10:.1f}" if flip else f"up to {amount:.0f}"
    predicate = f"were {stated} dB {comparative}"
    return Change("level" if whole else "band", subject, predicate, flip, posterior, sign * amount)


def _lengths(most: int) -> list[int]:
    """Returns a few lengths in frames up to the most there are, finer where they are short."""
    steps = (1, 2, 3, 5, 8, 12, 18, 25, 35, 50, 70, 100, 140, 200, 280, 400)
    return sorted({*(length for length in steps if length < most), most} - {0})


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
