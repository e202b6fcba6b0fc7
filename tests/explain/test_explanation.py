"""A part is what it is in the whole, and the moment is the one that was asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.detector import Detector
from vad.errors import AudioError, ConfigError, ModelError
from vad.explain import Explanation, explain
from vad.explain.words import lines
from vad.pictures import Source


def test_a_part_is_what_it_is_in_the_whole(explanation: Explanation, recording: Path, detector: Detector) -> None:
    whole = detector.posteriors(recording).values
    first, n = explanation.first_frame, explanation.n_frames
    np.testing.assert_allclose(explanation.posteriors, whole[first : first + n], rtol=0, atol=1e-4)
    grid = explanation.view.grid
    assert grid.boundary(first) <= 4.0 * 16000 < grid.boundary(first + 1)
    assert grid.boundary(first + n - 1) < 8.0 * 16000 <= grid.boundary(first + n)
    assert explanation.view.segments == detector.detect(recording)


def test_the_last_frames_are_those_of_the_stream(recording: Path, detector: Detector) -> None:
    whole = detector.posteriors(recording).values
    found = explain(Source(recording), detector, span=(12.5, None))
    assert found.first_frame + found.n_frames == len(whole)
    np.testing.assert_allclose(found.posteriors, whole[found.first_frame :], rtol=0, atol=1e-4)


def test_the_moment_is_the_frame_that_is_nearest(explanation: Explanation) -> None:
    moment = explanation.moment
    assert abs(moment.time_s - 5.1) <= 0.0051
    assert moment.step == moment.frame - explanation.first_frame + explanation.lookahead
    assert moment.posterior == pytest.approx(float(explanation.view.posteriors[moment.frame]), abs=1e-4)
    assert moment.votes.sum() + explanation.network.offset == pytest.approx(explanation.trace.logits[moment.step])
    # What is heard at the step of a frame's posterior lies its look-ahead later.
    assert explanation.times[moment.step] - moment.time_s == pytest.approx(0.04)


def test_without_a_moment_it_is_the_first_onset(recording: Path, detector: Detector) -> None:
    found = explain(Source(recording), detector, span=(0.0, 3.0))
    start = min(segment.start for segment in found.view.segments)
    assert found.moment.time_s == pytest.approx(start, abs=0.006)
    quiet = explain(Source(recording), detector, span=(6.2, 7.0))
    assert quiet.moment.posterior == pytest.approx(quiet.posteriors.max())


def test_words(explanation: Explanation) -> None:
    text = list(lines(explanation))
    inside = [segment for segment in explanation.view.segments if segment.end > 4 and segment.start < 8]
    assert len(inside) > 1 and text[0] == f"recording.wav, 4 to 8 s: {len(inside)} segments"
    layers = {line[:6]: line[8:] for line in text if line.startswith("lstm_")}
    assert list(layers) == ["lstm_0", "lstm_1"]
    for line, layer in zip(layers.values(), explanation.network.layers, strict=True):
        assert "half-lives" in line
        assert sum(int(part.split()[0]) for part in line.split(";")[0].split(", ")) == layer.units
    assert any(line.startswith("At 5.") for line in text)


@pytest.mark.parametrize(
    ("span", "at", "words"),
    [
        ((4.0, 8.0), 3.0, "4 to 8 s; received 3 s"),
        ((20.0, None), None, "ends at 14 s"),
        ((3.0, 2.0), None, "0 <= start"),
    ],
)
def test_what_cannot_be_explained_is_said(
    recording: Path, detector: Detector, span: tuple, at: float | None, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        explain(Source(recording), detector, span=span, at=at)


def test_a_part_that_is_too_long_is_refused(
    recording: Path, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vad.explain.explanation.LONGEST_S", 5.0)
    with pytest.raises(ConfigError, match="at most 5 s are explained at once; received 14 s: choose a part"):
        explain(Source(recording), detector)


def test_a_network_that_is_not_what_its_names_say_is_refused(
    recording: Path, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vad.explain import explanation as module

    right = module.read_network(detector.artifact)
    monkeypatch.setattr(module, "read_network", lambda _: dataclasses.replace(right, offset=right.offset + 0.1))
    with pytest.raises(ModelError, match="whose posteriors are up to"):
        explain(Source(recording), detector, span=(0.0, 2.0))


def test_a_model_without_look_ahead(recording: Path, detector: Detector) -> None:
    metadata = dataclasses.replace(detector.metadata, lookahead_frames=0)
    hasty = Detector(dataclasses.replace(detector.artifact, metadata=metadata))
    found = explain(Source(recording), hasty, span=(0.0, 2.0), at=1.2)
    np.testing.assert_allclose(
        found.posteriors, hasty.posteriors(recording).values[: found.n_frames], rtol=0, atol=1e-4
    )
    assert found.moment.step == found.moment.frame
    assert not any("look-ahead" in one.words for one in found.moment.changes)


def test_a_recording_of_one_frame(tmp_path: Path, detector: Detector) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, 0.01 * np.random.default_rng(0).standard_normal(512), 16000)
    found = explain(Source(path), detector)
    assert (found.n_frames, len(found.trace.logits)) == (1, 1 + found.lookahead)
    assert all(np.isfinite(units.half_life_s).any() for units in found.units)
    soundfile.write(path, np.zeros(100), 16000)
    with pytest.raises(AudioError, match="too short"):
        explain(Source(path), detector)
