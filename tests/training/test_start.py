"""Laws of trainings that begin with weights: they are those of the other network, and another kind is refused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from vad.artifact import save_artifact
from vad.config import Config, load_config
from vad.detector import Detector
from vad.errors import ConfigError, FingerprintError, ModelError
from vad.features.offline import log_mel
from vad.features.spec import FeatureSpec
from vad.training import check, load_run, train
from vad.training.learner import Learner, choose_strategy
from vad.training.start import provenance, starting_weights


@pytest.fixture
def run(tmp_path, config, batches):
    return train(config(), tmp_path / "first", batches())


def packaged_config(**model) -> Config:
    shape = {"units": 80, "layers": 2, "compression": "both", "lookahead_frames": 4, **model}
    return Config(name="own", seed=1, data={}, model=shape, features=Detector().metadata.features)


def test_the_first_step_is_from_the_weights_of_the_run(run, config, batches, tmp_path):
    still = {"optimizer": {"learning_rate": 1e-12, "warmup_steps": 0}, "epochs": 1}
    again = train(config(start_from=run, **still), tmp_path / "second", batches())
    for a, b in zip(load_run(run)[0].get_weights(), load_run(again)[0].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)
    told = json.loads((again / "summary.json").read_text(encoding="utf-8"))["start_from"]
    assert told["name"] == "tiny" and told["epochs"] == 2 and told["data"] == {"hours": {"train": 1}}
    assert "start_from" not in json.loads((run / "summary.json").read_text(encoding="utf-8"))


def test_an_engine_beside_the_labels_is_told_of_ever_after(config, batches, tmp_path):
    made = config(epochs=1)
    taught = made.model_copy(update={"data": made.data.model_copy(update={"engine": "silero"})})
    run = train(taught, tmp_path / "taught", batches())
    told = json.loads((train(config(start_from=run, epochs=1), tmp_path / "b", batches()) / "summary.json").read_text())
    assert told["start_from"]["engine"] == {"name": "silero", "weight": 0.3, "collar_s": 0.1}
    assert "engine" not in told


def test_a_resumed_training_does_not_begin_again(run, config, batches, tmp_path):
    made = config(start_from=run)
    train(made, tmp_path / "second", batches())
    (run / "model.weights.h5").unlink()
    assert train(made, tmp_path / "second", batches(), resume=True) == tmp_path / "second"


def test_the_packaged_model_gives_the_posteriors_that_its_file_gives():
    made = packaged_config()
    learner = Learner(made, total_steps=500, strategy=choose_strategy(made.training))
    learner.begin_with(starting_weights(made, "packaged"))
    samples = np.random.default_rng(0).normal(0, 0.05, 32000).astype(np.float32)
    samples[8000:20000] *= np.sin(np.arange(12000) / 20).astype(np.float32)
    logits = learner.model(log_mel(samples, made.features)[np.newaxis])
    found = 1 / (1 + np.exp(-np.asarray(logits).reshape(-1)))
    wanted = Detector().posteriors(samples, sample_rate=16000).values
    np.testing.assert_allclose(found[4:], wanted[: len(found) - 4], atol=1e-4)
    for average, weight in zip(learner.averaged_weights(), learner.model.get_weights(), strict=True):
        np.testing.assert_array_equal(average, weight)


def test_the_packaged_model_tells_what_it_was_trained_on():
    assert provenance("packaged")["data"]["recordings"]["hours_by_license"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"units": 64}, "model.units: 64 → 80"),
        ({"compression": "log"}, "model.compression: log → both"),
        ({"smoothing_frames": 20.0}, "model.smoothing_frames: 20.0 → 40.0"),
    ],
)
def test_another_network_is_refused(changes, named):
    with pytest.raises(ModelError, match=f"start_from packaged: another network.*{named}"):
        starting_weights(packaged_config(**changes), "packaged")


def test_another_front_end_is_refused():
    made = packaged_config().model_copy(update={"features": FeatureSpec(log_floor=1e-5)})
    with pytest.raises(FingerprintError, match="log_floor"):
        starting_weights(made, "packaged")


def test_rounded_weights_are_refused(tmp_path):
    artifact, file = Detector().artifact, tmp_path / "dynamic.tflite"
    save_artifact(file, artifact.flatbuffer, dataclasses.replace(artifact.metadata, quantization="dynamic"))
    with pytest.raises(ModelError, match=r"quantization dynamic has rounded its weights, .*; give the run directory"):
        starting_weights(packaged_config(), file)


def test_a_word_is_no_path(tmp_path):
    (tmp_path / "a.yaml").write_text("name: a\ndata: {}\ntraining: {start_from: packaged}\n", encoding="utf-8")
    assert load_config(tmp_path / "a.yaml").training.start_from == "packaged"
    (tmp_path / "a.yaml").write_text("name: a\ndata: {}\ntraining: {start_from: runs/b}\n", encoding="utf-8")
    assert load_config(tmp_path / "a.yaml").training.start_from == tmp_path / "runs" / "b"
    (tmp_path / "a.yaml").write_text("name: a\ndata: {}\ntraining: {start_from: 3}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="start_from"):
        load_config(tmp_path / "a.yaml")


def test_what_cannot_be_begun_with_is_refused_before_there_are_data(run, config, batches, tmp_path):
    for made, said in (
        (config(start_from=tmp_path / "none"), "none: no run is here"),
        (config(start_from="packaged"), "another network than the config's"),
        (config(teacher=tmp_path / "none"), "training.teacher must be a finished run"),
    ):
        with pytest.raises(ModelError, match=said):
            check(made, tmp_path / "second")
    assert not (tmp_path / "second").exists()
    made = config(start_from=run)
    check(made, tmp_path / "second")
    train(made, tmp_path / "second", batches())
    (run / "model.weights.h5").unlink()
    check(made, tmp_path / "second", resume=True)
    with pytest.raises(ModelError, match="no finished epoch"):
        check(made, tmp_path / "second", overwrite=True)
