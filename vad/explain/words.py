"""An explanation in plain words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vad.explain.changes import LONGEST_PAST_S
from vad.explain.explanation import Explanation, Moment
from vad.explain.gradient import PER_DB
from vad.explain.network import Network
from vad.explain.units import GROUPS, Units

__all__ = [
    "changes_words",
    "decision_words",
    "inputs_words",
    "kept_words",
    "life_words",
    "lines",
    "saliency_words",
    "singular",
    "units_words",
]


def lines(explanation: Explanation) -> Iterator[str]:
    """Yields the explanation line by line."""
    view = explanation.view
    n = len(view.segments.crop(view.start_s, view.end_s))
    yield f"{view.name}, {view.start_s:g} to {view.end_s:g} s: {n} segment{'' if n == 1 else 's'}"
    if explanation.network.pcen is not None:
        yield inputs_words(explanation.network)
    for index, units in enumerate(explanation.units):
        yield f"lstm_{index}: {units_words(units)}"
    yield ""
    yield decision_words(explanation)
    yield saliency_words(explanation)
    yield from changes_words(explanation.moment)


def inputs_words(network: Network) -> str:
    """Says what the first layer sees of each frame."""
    changes = "log(1 + power / running mean of the power)"
    if network.pcen is None:
        return "The first layer sees each frame of log-mel as it is."
    if network.pcen.beside_frames:
        return f"The first layer sees each frame of log-mel and, beside it, {changes} of each band."
    return f"The first layer sees {changes} of each band of a frame: no levels, but changes."


def changes_words(moment: Moment) -> Iterator[str]:
    """Yields what would decide otherwise, one clause a line, and what would not."""
    speech = moment.target.is_speech
    flipping = [one for one in moment.changes if one.flips]
    if flipping:
        yield "It would not be speech if" if speech else "It would be speech if"
        yield from (f"  {one.words} (posterior {one.posterior:.2f})" for one in flipping)
    kept = list(kept_words(moment))
    if kept:
        yield "It would still be speech if" if speech else "It would still not be speech if"
        yield from (f"  {words}" for words in kept)
    yield f"Changes reach back {LONGEST_PAST_S:g} s at most; no more than 40 dB were tried."


def kept_words(moment: Moment) -> Iterator[str]:
    """Yields what would not change the decision, one clause for each thing that was changed."""
    kept: dict[str, list[str]] = {}
    for one in moment.changes:
        if not one.flips:
            kept.setdefault(one.subject, []).append(one.predicate)
    yield from (f"{subject} {_joined(predicates)}" for subject, predicates in kept.items())


def _joined(predicates: list[str]) -> str:
    """Joins "were up to 40 dB weaker" and "were gone" to one predicate."""
    first, *others = predicates
    shared = [other.removeprefix("were ") for other in others]
    if first.startswith("were up to") and shared and shared[0].startswith("up to"):
        shared[0] = shared[0].rpartition(" ")[2]
    return " or ".join([first, *shared])


def units_words(units: Units) -> str:
    """Says how many units a layer has of each group, and how long they remember."""
    counts = []
    for group, name in GROUPS.items():
        n = len(units.members(group))
        if n:
            counts.append(f"{n} {name if n > 1 else singular(name)}")
    lives = units.half_life_s
    low, middle, high = (life_words(float(value)) for value in (lives.min(), np.median(lives), lives.max()))
    return f"{', '.join(counts)}; half-lives {low} to {high}, median {middle}"


def singular(group: str) -> str:
    """Returns what one of a group is called."""
    return group.removesuffix("s")


def life_words(seconds: float) -> str:
    """Says a half-life."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else "over 100 min"


def decision_words(explanation: Explanation) -> str:
    """Says what was decided at the moment, and by which threshold."""
    moment, rule = explanation.moment, explanation.view.rule
    named = "speech" if moment.target.is_speech else "not speech"
    confirm = rule.confirm_threshold
    dropped = "" if confirm is None else f"; what nowhere reaches {confirm:g} is dropped"
    return (
        f"At {moment.time_s:.3f} s the posterior is {moment.posterior:.3f}: {named} "
        f"(speech begins at {rule.onset_threshold:g} and ends below {rule.offset_threshold:g}{dropped})."
    )


def saliency_words(explanation: Explanation) -> str:
    """Says what the posterior of the moment hangs on most, and how far back it reaches."""
    moment = explanation.moment
    weight = np.abs(moment.saliency)
    by_lag = weight.sum(axis=1)[::-1]
    step_ms = 1000 * explanation.spec.hop_length / explanation.spec.sample_rate
    ahead = explanation.lookahead
    half, most = (int(np.searchsorted(np.cumsum(by_lag), share * by_lag.sum())) - ahead for share in (0.5, 0.9))
    reach = [f"{abs(n) * step_ms:.0f} ms {'before' if n >= 0 else 'after'} it" for n in (half, most)]
    step, band = np.unravel_index(int(weight.argmax()), weight.shape)
    strongest = moment.saliency[step, band] * PER_DB
    return (
        f"Half of its saliency lies later than {reach[0]}, nine tenths later than {reach[1]}; the strongest is mel "
        f"band {band} at {explanation.times[step]:.2f} s: {strongest:+.2f} logit per dB."
    )
