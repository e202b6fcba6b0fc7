"""Laws of one training step: clipping, averages, carried state, several devices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from vad.errors import ModelError
from vad.training.learner import Learner, choose_strategy


def make(config, **settings):
    tf.keras.utils.set_random_seed(1)
    made = config(**settings)
    return Learner(made, total_steps=100, strategy=choose_strategy(made.training))


def steps_of(learner, dataset):
    return [tuple(float(value) for value in learner.step(batch)) for batch in dataset]


def weights_of(learner):
    return [v.numpy() for v in learner.model.trainable_variables]


def test_frames_without_weight_do_not_matter(config, batches):
    results = []
    for filler in (0.0, 1.0):
        learner = make(config)
        x, y, w = next(iter(batches().epoch(0)))
        y = tf.where(w > 0, y, filler)
        steps_of(learner, [(x, y, w)])
        results.append(weights_of(learner))
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_batch_without_any_weight_changes_nothing_but_decay(config, batches):
    learner = make(config, optimizer={"warmup_steps": 0, "weight_decay": 0.0})
    before = weights_of(learner)
    x, y, w = next(iter(batches().epoch(0)))
    assert steps_of(learner, [(x, y, w * 0)]) == [(0.0, 0.0, 0.0)]
    for a, b in zip(before, weights_of(learner), strict=True):
        np.testing.assert_array_equal(a, b)


def test_clipping_bounds_the_norm_that_the_optimizer_sees(config, batches, monkeypatch):
    seen = []
    learner = make(config, optimizer={"warmup_steps": 0, "clip_norm": 1e-3})
    monkeypatch.setattr(learner._optimizer, "apply", lambda grads, variables: seen.append(tf.linalg.global_norm(grads)))
    monkeypatch.setattr(learner, "_compiled", learner._run)
    ((_, _, norm),) = steps_of(learner, [next(iter(batches().epoch(0)))])
    assert norm > 1e-2
    assert float(seen[0]) == pytest.approx(1e-3, rel=1e-4)


def test_averages_follow_the_weights_and_without_decay_are_them(config, batches):
    for decay, is_same in ((0.0, True), (0.9, False)):
        learner = make(config, ema_decay=decay)
        steps_of(learner, batches().epoch(0))
        averaged = [w for w in learner.averaged_weights() if w.ndim == 2]
        current = [w for w in weights_of(learner) if w.ndim == 2]
        same = [np.array_equal(a, b) for a, b in zip(averaged, current, strict=True)]
        assert all(same) if is_same else not any(same)


def test_statistics_are_kept_and_never_averaged(config):
    learner = make(config)
    mean, std = np.arange(40, dtype=np.float32), np.full(40, 2, np.float32)
    learner.set_statistics(mean, std)
    np.testing.assert_array_equal(learner.averaged_weights()[0], mean)
    np.testing.assert_array_equal(learner.averaged_weights()[1], std)


def test_carried_state_makes_two_cuts_one_sequence(config, batches):
    """With a rate of zero, the loss of a sequence is the same whether it comes whole or in two cuts."""
    settings = {"carry_state": True, "optimizer": {"warmup_steps": 1, "learning_rate": 1e-30, "weight_decay": 0.0}}
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 20, 40)).astype("float32")
    y = (x[..., 0] > 0).astype("float32")
    w = np.ones_like(y)
    begins, goes_on = np.ones(3, np.float32), np.zeros(3, np.float32)
    (whole,) = steps_of(make(config, **settings), [(x, y, w, begins)])
    learner = make(config, **settings)
    cuts = steps_of(learner, [(x[:, :8], y[:, :8], w[:, :8], begins), (x[:, 8:], y[:, 8:], w[:, 8:], goes_on)])
    assert sum(cut[0] for cut in cuts) == pytest.approx(whole[0], rel=1e-5)
    fresh = steps_of(make(config, **settings), [(x[:, 8:], y[:, 8:], w[:, 8:], begins)])
    again = steps_of(learner, [(x[:, 8:], y[:, 8:], w[:, 8:], begins)])
    assert again[0][0] == pytest.approx(fresh[0][0], rel=1e-6)
    assert cuts[1][0] != pytest.approx(fresh[0][0], rel=1e-6)


def test_arrays_of_another_network_are_refused(config):
    learner = make(config)
    arrays = learner.arrays()
    with pytest.raises(ModelError, match="model/0 must be"):
        learner.restore({**arrays, "model/0": np.zeros(3)})
    del arrays["optimizer/0"]
    with pytest.raises(ModelError, match=r"optimizer/0 must be .*found nothing"):
        learner.restore(arrays)


def test_shapes_that_vary_do_not_trace_again_each_time(config):
    learner = make(config)
    for length in (10, 11, 12, 13):
        x = np.zeros((2, length, 40), np.float32)
        learner.step((tf.constant(x), tf.zeros((2, length)), tf.ones((2, length))))
    assert learner._compiled.experimental_get_tracing_count() <= 2


TWO_DEVICES = """
import sys
sys.path.insert(0, {tests!r})
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from conftest import make_batches, make_config
from vad.training import load_run, train
for carry in (False, True):
    runs = []
    for strategy in ("single", "mirrored"):
        # Dropout draws per device; without it both must agree.
        config = make_config(strategy=strategy, carry_state=carry, epochs=1)
        config = config.model_copy(update={{"model": config.model.model_copy(update={{"dropout": 0.0}})}})
        run = train(config, {folder!r} + f"/{{strategy}}-{{carry}}", make_batches(carry=carry, rows=6, steps=3))
        runs.append(load_run(run)[0].get_weights())
    print(max(float(np.abs(a - b).max()) for a, b in zip(*runs)))
"""


def test_two_devices_train_like_one(tmp_path):
    code = TWO_DEVICES.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    plain, carried = map(float, done.stdout.split())
    assert plain < 1e-5
    assert carried < 1e-5


def test_float16_trains_like_float32(config, batches, monkeypatch):
    """The path that GPUs take: scaled losses, clipped by the norm that they have unscaled."""
    norms, losses = {}, {}
    for is_float16 in (False, True):
        monkeypatch.setattr("vad.training.learner.uses_float16", lambda _, answer=is_float16: answer)
        learner = make(config, optimizer={"warmup_steps": 0, "learning_rate": 0.01})
        taken = [step for number in range(3) for step in steps_of(learner, batches().epoch(number))]
        losses[is_float16], norms[is_float16] = [s[0] / s[1] for s in taken], [s[2] for s in taken]
        assert learner.steps == len(taken)
        assert all(v.dtype == "float32" for v in learner.model.trainable_variables)
        again = make(config, optimizer={"warmup_steps": 0, "learning_rate": 0.01})
        again.restore(learner.arrays())
    np.testing.assert_allclose(norms[True][0], norms[False][0], rtol=0.02)
    np.testing.assert_allclose(losses[True], losses[False], rtol=0.05)
