"""The run in NumPy is the artifact's own, and what is switched inside acts as its equations say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vad.artifact import load_artifact
from vad.audio import read
from vad.detector import Detector
from vad.errors import ConfigError, ShapeError
from vad.explain import Intervention, Network, forward, read_network
from vad.explain.forward import sigmoid
from vad.features.streaming import StreamingLogMel


def _frames(samples: np.ndarray, detector: Detector) -> np.ndarray:
    """All frames that a stream of the recording gives the network."""
    metadata = detector.metadata
    silence = np.zeros(metadata.lookahead_frames * metadata.features.hop_length, np.float32)
    return StreamingLogMel(metadata.features).push(np.concatenate([samples, silence]))


def _sounds(recording: Path) -> dict[str, np.ndarray]:
    noise = np.random.default_rng(1).standard_normal(40000).astype(np.float32)
    clicks = np.zeros(30000, np.float32)
    clicks[::4001] = 0.9
    return {"speech": read(recording), "noise": 0.1 * noise, "clicks": clicks, "overload": np.clip(5 * noise, -1, 1)}


@pytest.mark.parametrize("name", ["speech", "noise", "clicks", "overload"])
def test_it_gives_the_posteriors_of_the_artifact(
    name: str, detector: Detector, network: Network, recording: Path
) -> None:
    samples = _sounds(recording)[name]
    trace = forward(network, _frames(samples, detector))
    wanted = detector.posteriors(samples).values
    np.testing.assert_allclose(trace.posteriors[detector.metadata.lookahead_frames :], wanted, rtol=0, atol=1e-4)


def test_it_gives_those_of_real_recordings(detector: Detector, network: Network, data_home: Path) -> None:
    found = sorted(path for folder in ("ami-excerpts", "asterisk") for path in data_home.glob(f"audio/{folder}/*dev*"))
    if not found:
        pytest.skip(f"{data_home} holds no excerpts of meetings")
    samples = read(found[0], duration_s=20.0)
    trace = forward(network, _frames(samples, detector))
    wanted = detector.posteriors(samples).values
    np.testing.assert_allclose(trace.posteriors[detector.metadata.lookahead_frames :], wanted, rtol=0, atol=1e-4)


def test_another_size_of_network_is_read_as_well(energy_artifact: Path, recording: Path) -> None:
    detector = Detector(energy_artifact)
    samples = read(recording)[:48000]
    trace = forward(read_network(load_artifact(energy_artifact)), _frames(samples, detector))
    assert [layer.h.shape[1] for layer in trace.layers] == [16, 16]
    wanted = detector.posteriors(samples).values
    np.testing.assert_allclose(trace.posteriors[4:], wanted, rtol=0, atol=1e-4)


def _check_equations(network: Network, frames: np.ndarray, skipped: frozenset[str] = frozenset()) -> None:
    """One gate after the other, apart from the code under test."""
    trace = forward(network, frames)
    x = frames
    for layer, run in zip(network.layers, trace.layers, strict=True):
        n = layer.units
        h = np.vstack([np.zeros(n), run.h[:-1]])
        c = np.vstack([np.zeros(n), run.c[:-1]])
        z = x @ layer.kernel + h @ layer.recurrent + layer.bias
        wanted = {
            "i": 1 / (1 + np.exp(-z[:, :n])),
            "f": 1 / (1 + np.exp(-z[:, n : 2 * n])),
            "candidate": np.tanh(z[:, 2 * n : 3 * n]),
            "o": 1 / (1 + np.exp(-z[:, 3 * n :])),
            "c": run.f * c + run.i * run.candidate,
            "h": run.o * np.tanh(run.c),
        }
        for name, values in wanted.items():
            np.testing.assert_allclose(getattr(run, name), values, rtol=0, atol=1e-12)
        x = run.h
    np.testing.assert_allclose(trace.logits, x @ network.output + network.offset, atol=1e-12)
    np.testing.assert_allclose(trace.posteriors, 1 / (1 + np.exp(-trace.logits)), atol=1e-12)


def test_every_number_inside_satisfies_its_equation(small: Network) -> None:
    _check_equations(small, np.random.default_rng(2).normal(0, 2, (30, 5)))


def test_it_can_be_taken_up_at_any_step(small: Network) -> None:
    frames = np.random.default_rng(3).normal(0, 1, (20, 5))
    whole = forward(small, frames)
    for step in (0, 1, 13):
        rest = forward(small, frames[step:], before=whole.states_before(step))
        np.testing.assert_array_equal(rest.logits, whole.logits[step:])


def test_gates_are_forced(small: Network) -> None:
    frames = np.random.default_rng(4).normal(0, 1, (12, 5))
    plain = forward(small, frames)
    forgetful = forward(small, frames, interventions=[Intervention(0, "forget", 0.0)])
    run = forgetful.layers[0]
    np.testing.assert_array_equal(run.f, 0)
    np.testing.assert_array_equal(run.c, run.i * run.candidate)
    keeps = forward(
        small, frames, interventions=[Intervention(0, "forget", 1.0, unit=2), Intervention(0, "input", 0, 2)]
    )
    assert np.all(keeps.layers[0].c[:, 2] == 0)
    assert not np.array_equal(keeps.layers[0].c[:, 1], 0)
    mute = forward(small, frames, interventions=[Intervention(1, "output", 0.0)])
    np.testing.assert_allclose(mute.logits, small.offset)
    np.testing.assert_array_equal(mute.layers[0].h, plain.layers[0].h)


def test_what_is_frozen_stays_and_what_was_before_is_as_it_was(small: Network) -> None:
    frames = np.random.default_rng(6).normal(0, 1, (12, 5))
    plain = forward(small, frames)
    frozen = forward(small, frames, interventions=[Intervention(0, "freeze", unit=1, start=5)])
    np.testing.assert_array_equal(frozen.logits[:5], plain.logits[:5])
    for values, was in ((frozen.layers[0].c, plain.layers[0].c), (frozen.layers[0].h, plain.layers[0].h)):
        np.testing.assert_array_equal(values[5:, 1], was[4, 1])
    gone = forward(small, frames, interventions=[Intervention(1, "freeze")])
    np.testing.assert_array_equal(gone.layers[1].h, 0)


def test_the_last_of_several_counts(small: Network) -> None:
    frames = np.random.default_rng(7).normal(0, 1, (6, 5))
    both = [Intervention(0, "input", 1.0), Intervention(0, "input", 0.25, unit=3, start=2)]
    run = forward(small, frames, interventions=both).layers[0]
    np.testing.assert_array_equal(run.i[:, :3], 1)
    np.testing.assert_array_equal(run.i[2:, 3], 0.25)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "forgot"}, "did you mean 'forget'"),
        ({"kind": "input", "value": 1.5}, r"in \[0, 1\]; received 1.5"),
        ({"kind": "input", "unit": 9}, "units 0 to 3; received 9"),
        ({"kind": "input", "layer": 2}, "layers 0 to 1; received 2"),
        ({"kind": "input", "start": -1}, ">= 0"),
    ],
)
def test_what_cannot_be_switched_is_said(small: Network, arguments: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        forward(small, np.zeros((3, 5)), interventions=[Intervention(**({"layer": 0} | arguments))])


def test_frames_of_another_shape_are_refused(small: Network) -> None:
    with pytest.raises(ShapeError, match=r"\(steps, 5\); received \(3, 4\)"):
        forward(small, np.zeros((3, 4)))


def test_the_logistic_function_takes_any_argument() -> None:
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0.0, 1e4])), [0, 0.5, 1])
