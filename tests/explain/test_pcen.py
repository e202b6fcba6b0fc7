"""A network that sees each band against its running mean is looked into like any other: LiteRT, NumPy, page alike."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vad.audio import read
from vad.detector import Detector
from vad.explain import Explanation, Intervention, Network, explain, forward, saliency
from vad.explain.batch import Runner
from vad.explain.page import save_explanation_page
from vad.explain.pcen import Pcen
from vad.explain.words import inputs_words, lines
from vad.features.spec import FeatureSpec
from vad.features.streaming import StreamingLogMel
from vad.pictures import Source

KINDS = ("pcen", "both")
LOOKAHEAD = 4
STEP = 1e-5


@pytest.fixture(params=KINDS)
def little(request: pytest.FixtureRequest, small: Network) -> Network:
    """Five bands, each with a memory of its own."""
    pcen = Pcen(np.float32([0.5, 0.3, 0.2, 0.1, 0.05]).astype(np.float64), request.param == "both")
    first = small.layers[0]
    kernel = (
        np.random.default_rng(6).normal(0, 0.7, (10, first.kernel.shape[1])) if pcen.beside_frames else first.kernel
    )
    layers = (dataclasses.replace(first, kernel=kernel), *small.layers[1:])
    return dataclasses.replace(small, layers=layers, pcen=pcen)


@pytest.fixture(scope="module", params=KINDS)
def compressed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Detector:
    """A small network with some disorder in its weights, which takes frames."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: no model is made")
    from vad.artifact import Artifact, Metadata
    from vad.config.model import ModelConfig
    from vad.export.convert import convert_step_model, signature_table
    from vad.models import StepModel, build_model, set_statistics

    config = ModelConfig(compression=request.param, units=8, smoothing_frames=20.0, lookahead_frames=LOOKAHEAD)
    spec, rng = FeatureSpec(), np.random.default_rng(7)
    model = build_model(config, spec.n_mels, use_cudnn=False)
    for name, scale in (("lstm_0", 0.3), ("lstm_1", 0.3), ("logits", 0.6)):
        layer = model.get_layer(name)
        layer.set_weights([rng.normal(0, scale, weights.shape) for weights in layer.get_weights()])
    set_statistics(model, np.full(spec.n_mels, -7.0, np.float32), np.full(spec.n_mels, 3.0, np.float32))
    step = StepModel(model, spec, source="features")
    signatures = signature_table((1, 8), "features")
    metadata = Metadata(spec, LOOKAHEAD, step.state_shapes, signatures, input="features")
    return Detector(Artifact(metadata, convert_step_model(step, (1, 8)), f"{request.param}.tflite"))


@pytest.fixture(scope="module")
def explained(compressed: Detector, recording: Path) -> Explanation:
    return explain(Source(recording), compressed, span=(4.0, 6.0), at=5.1)


@pytest.fixture(scope="module")
def written(explained: Explanation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "pcen.html"
    save_explanation_page(explained, path, sound=None)
    return path


def test_the_running_mean_is_the_sum_of_what_is_left(little: Network) -> None:
    frames = np.random.default_rng(2).normal(0, 2, (30, 5))
    trace = forward(little, frames)
    share, power = little.pcen.share, np.exp(frames)
    left = np.array([[(1 - share) ** (t - u) * (u <= t) for u in range(30)] for t in range(30)])
    np.testing.assert_allclose(trace.means, share * np.einsum("tub,ub->tb", left, power), rtol=1e-6)
    changes = little.pcen.inputs(frames, trace.means)[:, -5:]
    np.testing.assert_allclose(changes, np.log(1 + power / trace.means), rtol=1e-12)


def test_it_can_be_taken_up_at_any_step(little: Network) -> None:
    frames = np.random.default_rng(3).normal(0, 1, (20, 5))
    whole = forward(little, frames)
    for step in (0, 1, 13):
        rest = forward(little, frames[step:], before=whole.states_before(step))
        np.testing.assert_array_equal(rest.logits, whole.logits[step:])


def _difference(network: Network, frames: np.ndarray, at: tuple[int, int], before: object) -> float:
    logits = []
    for sign in (-1, 1):
        moved = frames.copy()
        moved[at] += sign * STEP
        logits.append(forward(network, moved, before=before).logits[-1])
    return (logits[1] - logits[0]) / (2 * STEP)


@pytest.mark.parametrize("first", [0, 5])
def test_the_gradient_is_the_difference_quotient(little: Network, first: int) -> None:
    frames = np.random.default_rng(8).normal(0, 1, (12, 5))
    before, part = forward(little, frames).states_before(first), frames[first:]
    gradient = saliency(little, forward(little, part, before=before), len(part) - 1)
    wanted = [[_difference(little, part, (t, band), before) for band in range(5)] for t in range(len(part))]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-9)


def test_a_level_from_the_beginning_on_has_no_gradient_where_levels_are_not_seen(little: Network) -> None:
    trace = forward(little, np.random.default_rng(9).normal(0, 1, (12, 5)))
    by_band = saliency(little, trace, 11).sum(axis=0)
    assert (np.abs(by_band).max() < 1e-12) == (not little.pcen.beside_frames)


def test_many_variants_at_once_are_each_alone(little: Network) -> None:
    rng = np.random.default_rng(4)
    trace = forward(little, rng.normal(0, 1, (10, 5)))
    variants, restart = rng.normal(0, 1, (3, 20, 5)), np.array([0, 7, 30])
    found = Runner(little, trace, 6).run(variants.astype(np.float32), restart)
    wanted = [
        forward(little, variants[0]),
        forward(little, variants[1, 7:]),
        forward(little, variants[2], before=trace.states_before(6)),
    ]
    np.testing.assert_allclose(found, [run.posteriors[-1] for run in wanted], atol=1e-5)


def test_it_gives_the_posteriors_of_litert(compressed: Detector, explained: Explanation, recording: Path) -> None:
    samples = read(recording)
    silence = np.zeros(LOOKAHEAD * compressed.metadata.features.hop_length, np.float32)
    frames = StreamingLogMel(compressed.metadata.features).push(np.concatenate([samples, silence]))
    found = forward(explained.network, frames).posteriors[LOOKAHEAD:]
    wanted = compressed.posteriors(samples).values
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-7)
    assert np.ptp(wanted) > 0.1
    # A part goes on from what the network remembers of all before it.
    first, n = explained.first_frame, explained.n_frames
    np.testing.assert_allclose(explained.posteriors, wanted[first : first + n], rtol=0, atol=3e-7)


def test_changes_are_what_they_say(explained: Explanation) -> None:
    moment, trace, floor = explained.moment, explained.trace, explained.spec.log_floor
    assert {change.kind for change in moment.changes} == {"level", "band", "removal", "silence", "restart"}
    at = moment.step - LOOKAHEAD
    for change in moment.changes:
        frames, first, before = trace.frames.copy(), 0, trace.before
        if change.kind == "level" and "alone" not in change.subject:
            power = np.exp(frames) - floor
            frames = np.log(np.maximum(0, power) * 10 ** (change.amount / 10) + floor)
        elif change.kind == "silence" and "look-ahead" not in change.subject:
            frames[at - round(change.amount / 0.01) : at] = np.log(floor)
        elif change.kind == "restart":
            first, before = at - round(change.amount / 0.01), None
        else:
            continue
        run = forward(explained.network, frames[first : moment.step + 1], before=before)
        assert run.posteriors[-1] == pytest.approx(change.posterior, abs=1e-4)


def test_words_say_what_is_seen(explained: Explanation, small: Network) -> None:
    beside = explained.network.pcen.beside_frames
    text = list(lines(explained))
    assert text[1] == inputs_words(explained.network)
    assert ("beside it, log(1 + power" in text[1]) == beside
    assert ("no levels, but changes" in text[1]) == (not beside)
    assert inputs_words(small) == "The first layer sees each frame of log-mel as it is."


def test_the_page_is_the_network(opened: Any, browser: Any, explained: Explanation) -> None:
    def check(*interventions: Intervention) -> None:
        trace = forward(
            explained.network, explained.trace.frames, before=explained.trace.before, interventions=interventions
        )
        found = opened("Array.from(vadExplain.state.posteriors)")
        np.testing.assert_allclose(found, trace.posteriors[LOOKAHEAD:], rtol=0, atol=1e-9)

    check()
    switch = {"layer": 0, "kind": "forget", "value": 0, "start": 20, "units": [3]}
    browser.execute_script("vadExplain.state.interventions = [arguments[0]]; vadExplain.run();", switch)
    check(Intervention(0, "forget", 0.0, unit=3, start=20))
    found = opened(
        "(({ network, plain, before }) => Array.from(vadLstm.saliency(network, plain, before, 150, 90).gradient))"
        "(vadExplain.state)"
    )
    wanted = saliency(explained.network, explained.trace, 150)[61:]
    np.testing.assert_allclose(np.reshape(found, wanted.shape), wanted, rtol=1e-6, atol=1e-12)
    opened("vadExplain.selectLayer(0), vadExplain.go(50)")
    sums = [sum(one.values()) for one in opened("vadExplain.numbers().sums")]
    assert opened("vadExplain.numbers().o") == pytest.approx(1 / (1 + np.exp(-sums[3])), abs=1e-12)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    text = browser.find_element("tag name", "main").text
    assert inputs_words(explained.network) in text
