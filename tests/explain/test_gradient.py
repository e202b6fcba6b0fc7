"""Back-propagation through time by hand is what differences of the logit say."""

from __future__ import annotations

import numpy as np
import pytest

from vad.errors import ConfigError
from vad.explain import Explanation, Network, forward, saliency

STEP = 1e-5


def _difference(network: Network, frames: np.ndarray, step: int, at: tuple[int, int], before: object = None) -> float:
    logits = []
    for sign in (-1, 1):
        moved = frames.copy()
        moved[at] += sign * STEP
        logits.append(forward(network, moved, before=before).logits[step])
    return (logits[1] - logits[0]) / (2 * STEP)


@pytest.mark.parametrize("step", [0, 1, 7])
def test_every_entry_is_the_difference_quotient(small: Network, step: int) -> None:
    frames = np.random.default_rng(8).normal(0, 1, (9, 5))
    gradient = saliency(small, forward(small, frames), step)
    assert gradient.shape == (step + 1, 5)
    wanted = [[_difference(small, frames, step, (t, band)) for band in range(5)] for t in range(step + 1)]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-9)


def test_a_part_that_does_not_begin_with_zeros(small: Network) -> None:
    frames = np.random.default_rng(9).normal(0, 1, (12, 5))
    before = forward(small, frames).states_before(6)
    rest = frames[6:]
    gradient = saliency(small, forward(small, rest, before=before), 4)
    wanted = [[_difference(small, rest, 4, (t, band), before) for band in range(5)] for t in range(5)]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-9)


def test_of_the_packaged_model(explanation: Explanation) -> None:
    network, trace, moment = explanation.network, explanation.trace, explanation.moment
    gradient = moment.saliency
    rows = np.argsort(np.abs(gradient), axis=None)[[-1, -50, -1000, 0]]
    for at in zip(*np.unravel_index(rows, gradient.shape), strict=True):
        wanted = _difference(network, trace.frames, moment.step, at, trace.before)
        np.testing.assert_allclose(gradient[at], wanted, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("step", [-1, 3])
def test_a_step_that_is_not_there(small: Network, step: int) -> None:
    with pytest.raises(ConfigError, match=f"steps 0 to 2; received {step}"):
        saliency(small, forward(small, np.zeros((3, 5))), step)
