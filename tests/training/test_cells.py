"""Cells learn, carry what states they have, and come back from a checkpoint; a bidirectional run is a teacher only."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from vad.config import Config
from vad.errors import ConfigError, ModelError
from vad.export import export_run
from vad.models import build_model
from vad.training import load_run
from vad.training.learner import Learner, choose_strategy

MODELS = [
    {"cell": "full-gate-recurrence", "units": 5, "projection": 3, "layer_norm": True},
    {"cell": "gru", "units": 5, "dropout": 0.2},
]


def config_of(model, **training):
    settings = {"carry_state": True, "optimizer": {"warmup_steps": 0, "learning_rate": 0.02}, **training}
    return Config(name="cells", data={"manifests": ["nowhere.jsonl"]}, model=model, training=settings)


def batch_of(seed, resets):
    features = np.random.default_rng(seed).normal(size=(2, 12, 40)).astype(np.float32)
    labels = (features[..., 0] > 0).astype(np.float32)
    return [tf.constant(part) for part in (features, labels, np.ones_like(labels), np.array(resets, np.float32))]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["cell"])
def test_a_cell_learns_carries_its_states_and_is_restored(model):
    config = config_of(model)
    learner, again = (
        Learner(config, total_steps=100, strategy=choose_strategy(config.training)) for _ in ("learner", "again")
    )
    losses = [float(learner.step(batch_of(0, [0, 0]))[0]) for _ in range(12)]
    assert losses[-1] < losses[0]
    arrays = learner.arrays()
    kinds = {"gru": "h"}.get(model["cell"], "hcifo")
    shapes = [arrays[f"state/{index}"].shape for index in range(2 * len(kinds))]
    assert shapes == [(2, model.get("projection", 5) if kind == "h" else 5) for _ in (0, 1) for kind in kinds]
    assert all(arrays[f"state/{index}"].any() for index in range(2 * len(kinds)))
    again.restore(arrays)
    for name, array in again.arrays().items():
        np.testing.assert_array_equal(array, arrays[name], err_msg=name)


def test_a_bidirectional_run_can_teach_but_becomes_no_file(tmp_path):
    config = config_of({"units": 3, "layers": 1, "bidirectional": True}, carry_state=False)
    model = build_model(config.model, 40)
    (tmp_path / "config.yaml").write_text(config.dump())
    model.save_weights(tmp_path / "model.weights.h5")
    teacher, _ = load_run(tmp_path)
    frames = np.random.default_rng(0).normal(size=(2, 9, 40)).astype(np.float32)
    np.testing.assert_allclose(teacher(frames), model(frames), atol=1e-6)
    with pytest.raises(ModelError, match=r"bidirectional network cannot be exported: .* a stream has no end to begin"):
        export_run(tmp_path)
    assert not (tmp_path / "model.tflite").exists()
    with pytest.raises(ConfigError, match=r"model\.bidirectional: the way back begins at the end"):
        build_model(config.model, 40, stateful_io=True)
