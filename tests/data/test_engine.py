"""Laws of another detector's voice beside the labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vad.config import Config
from vad.data.corpus import load_corpus
from vad.data.engine import EngineVoice
from vad.data.mixing import Mixer
from vad.data.pipeline import open_mixtures
from vad.data.shards import prepare, shard_origin
from vad.data.targets import targets
from vad.data.workers import audio_store
from vad.errors import MissingDependencyError
from vad.frames import FrameGrid
from vad.peers import SileroEngine

PLAIN = {"pipeline__crop_s": 4.0, "shards_dir": None}
GRID = FrameGrid()


@pytest.fixture
def voice() -> EngineVoice:
    try:
        return EngineVoice(GRID)
    except MissingDependencyError as error:
        pytest.skip(str(error))


def drawn(config: Config, split: str = "train") -> NDArray[np.float32]:
    """All targets of an epoch, sorted by excerpt: order is no matter of theirs."""
    mixtures = open_mixtures(config, split, jobs=1)
    found = mixtures.training(0) if split == "train" else mixtures.scoring()
    rows = np.concatenate([labels.numpy() for _, labels, _ in found])
    return np.array(sorted(rows.tolist()), np.float32)


def test_a_frame_has_the_value_of_the_window_said_late_about_it(voice: EngineVoice) -> None:
    mixture = (0.1 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32)
    times, values = SileroEngine().judge(mixture[np.newaxis])
    found = voice.judge(mixture[np.newaxis])
    assert found.shape == (1, GRID.count(mixture.size)) and found.dtype == np.uint8
    wanted = np.interp(GRID.times(found.shape[1]) + 0.04, times, values[0])
    np.testing.assert_allclose(found[0] / 255, wanted, atol=0.5001 / 255)


def test_targets_are_label_and_engine_by_weight(toy_config: Callable[..., Config], voice: EngineVoice) -> None:
    labels, none, some = (
        drawn(toy_config(**PLAIN, engine=engine, pipeline__engine_weight=weight, pipeline__engine_collar_s=0.0))
        for engine, weight in ((None, 0.4), ("silero", 0.0), ("silero", 0.4))
    )
    assert set(np.unique(labels)) == {0, 1}
    assert np.array_equal(none, labels)
    config = toy_config(**PLAIN, engine="silero")
    mixer = Mixer(config, load_corpus(config.data, "train"), "train", audio_store(config))
    said = np.concatenate([voice.judge(mixer.excerpt(i).samples[np.newaxis]) for i in range(12)]) / 255
    assert said.max() > 0.05  # or equal targets would say nothing
    assert np.isclose(some.mean(), 0.6 * labels.mean() + 0.4 * said.mean(), atol=1e-3)


def test_near_boundaries_labels_rule_alone(toy_config: Callable[..., Config]) -> None:
    labels = np.repeat([0, 1, 0, 1], [20, 15, 40, 5]).astype(np.uint8)
    voice = np.full(80, 128, np.uint8)
    found = targets(labels, voice, toy_config(pipeline__engine_weight=0.4, pipeline__engine_collar_s=0.05)).numpy()
    edges = np.array([20, 35, 75])
    near = np.any(np.abs(np.arange(80)[:, np.newaxis] + 0.5 - edges) < 5, axis=1)
    assert np.array_equal(found[near], labels[near])
    np.testing.assert_allclose(found[~near], (0.6 * labels + 0.4 * 128 / 255)[~near], rtol=1e-6)
    assert np.array_equal(found > 0.5, labels > 0)


@pytest.mark.parametrize("source", ["shards", "audio"])
def test_models_are_chosen_by_labels_alone(toy_config: Callable[..., Config], voice: EngineVoice, source: str) -> None:
    plain = drawn(toy_config(source=source, shards_dir=None), "dev")
    assert np.array_equal(drawn(toy_config(source=source, engine="silero", shards_dir=None), "dev"), plain)


def test_both_sources_have_the_same_targets(toy_config: Callable[..., Config], voice: EngineVoice) -> None:
    stored, live = (drawn(toy_config(**PLAIN, source=source, engine="silero")) for source in ("shards", "audio"))
    # Audio decoded by other code, and recordings judged side by side: a step or two of 255.
    np.testing.assert_allclose(stored, live, atol=0.02)


def test_any_number_of_processes_gives_the_same_bytes(
    toy_config: Callable[..., Config], voice: EngineVoice, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for jobs, folder in enumerate(folders, 1):
        prepare(toy_config(engine="silero", shards_dir=str(folder)), ("train",), jobs=jobs)
    one, two = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == two


def test_shards_without_an_engine_are_made_from_nothing_new(toy_config: Callable[..., Config]) -> None:
    assert set(shard_origin(toy_config())) == {"mixer", "seed", "corpus", "labels", "mixing"}
    assert shard_origin(toy_config(engine="silero"))["engine"] == "silero"


@pytest.mark.parametrize("source", ["shards", "audio"])
def test_an_engine_that_is_not_there_is_told_before_the_work(
    toy_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr("vad.peers.silero.find_spec", lambda name: None)
    config = toy_config(engine="silero", source=source)
    with pytest.raises(MissingDependencyError, match="pip install --no-deps silero-vad"):
        open_mixtures(config, "train", jobs=2)
    open_mixtures(config, "dev", jobs=1)


def test_an_engine_hears_16_khz_alone(toy_config: Callable[..., Config]) -> None:
    config = toy_config(engine="silero").model_dump()
    config["features"] = {"sample_rate": 8000, "f_max": 4000.0}
    with pytest.raises(ValueError, match=r"data.engine: silero hears 16000 Hz alone; .*received .*8000; set"):
        Config.model_validate(config)
