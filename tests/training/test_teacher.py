"""Laws of learning from a teacher: the same frames at the same steps, fixed weights, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from vad.config import Config
from vad.errors import FingerprintError, ModelError
from vad.features.spec import FeatureSpec
from vad.models import build_model
from vad.training import load_run, train
from vad.training.learner import Learner, choose_strategy
from vad.training.teacher import Teacher


@pytest.fixture
def make_run(tmp_path, config):
    """Writes what a finished run leaves, with random weights."""

    def make(name="teacher", features=None, **model):
        made = config().model_copy(update={"features": FeatureSpec(**({} if features is None else features))})
        made = made.model_copy(update={"model": made.model.model_copy(update={"dropout": 0.0, **model})})
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.yaml").write_text(made.dump(), encoding="utf-8")
        tf.keras.utils.set_random_seed(3)
        build_model(made.model, made.features.n_mels).save_weights(folder / "model.weights.h5")
        (folder / "summary.json").write_text('{"name": "tutor"}', encoding="utf-8")
        return folder

    return make


def pupil_of(config, folder, lookahead=4, **training) -> Config:
    made = config(teacher=folder, **training)
    return made.model_copy(update={"model": made.model.model_copy(update={"lookahead_frames": lookahead})})


@pytest.mark.parametrize(("teacher_ahead", "bidirectional"), [(4, False), (1, False), (6, False), (0, True), (2, True)])
def test_at_every_step_it_judges_the_frame_that_the_pupil_judges(
    make_run, config, frames, teacher_ahead, bidirectional
):
    folder = make_run(lookahead_frames=teacher_ahead, bidirectional=bidirectional)
    teacher = Teacher(pupil_of(config, folder, teacher_weight=0.25), folder)
    x, _, _ = frames(1, 2, 20)
    taught, share, states = teacher.teach(x, [])
    own = load_run(folder)[0](x).numpy()
    assert states == []
    for step in range(20):
        frame = step - 4
        place = frame + teacher_ahead
        if 0 <= place < 20:
            assert share[step] == 0.25
            np.testing.assert_allclose(taught[:, step], own[:, place], atol=1e-5)
        else:
            assert share[step] == 0.0


def test_carried_state_makes_windows_one_sequence(make_run, config, frames):
    folder = make_run(lookahead_frames=4, units=5, layers=1)
    teacher = Teacher(pupil_of(config, folder, carry_state=True), folder)
    x = tf.constant(frames(2, 3, 24)[0])
    states = [tf.zeros((3, size)) for size in teacher.state_sizes]
    assert teacher.state_sizes == [5, 5]
    parts = []
    for start in (0, 12):
        taught, _, states = teacher.teach(x[:, start : start + 12], states)
        parts.append(taught)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), load_run(folder)[0](x), atol=1e-5)


def test_alone_it_makes_the_pupil_like_itself_whatever_the_labels(make_run, config, frames):
    folder = make_run(lookahead_frames=4)
    made = pupil_of(config, folder, teacher_weight=1.0, optimizer={"warmup_steps": 0, "learning_rate": 0.02})
    tf.keras.utils.set_random_seed(1)
    learner = Learner(made, total_steps=150, strategy=choose_strategy(made.training))
    teacher = load_run(folder)[0]
    x, y, w = frames(5, 16, 30)
    before = [v.numpy() for v in learner._teacher._model.weights]

    def distance():
        return float(np.abs(learner.model(x).numpy() - teacher(x).numpy()).mean())

    first = distance()
    for _ in range(80):
        learner.step((x, 1.0 - y, np.ones_like(w)))
    assert distance() < 0.4 * first
    for old, new in zip(before, learner._teacher._model.weights, strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_a_teacher_without_weight_changes_nothing(make_run, config, batches):
    folder = make_run()
    weights = []
    for settings in ({}, {"teacher": folder, "teacher_weight": 0.0}):
        tf.keras.utils.set_random_seed(1)
        made = config(**settings)
        learner = Learner(made, total_steps=20, strategy=choose_strategy(made.training))
        for batch in batches().epoch(0):
            learner.step(batch)
        weights.append([v.numpy() for v in learner.model.trainable_variables])
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_an_interrupted_training_goes_on_with_what_the_teacher_remembers(make_run, config, batches, tmp_path):
    made = pupil_of(config, make_run(), carry_state=True, ema_decay=0.0)

    class Stopped(Exception):
        pass

    def stop(epoch, index):
        if (epoch, index) == (1, 4):
            raise Stopped

    train(made, tmp_path / "whole", batches(carry=True))
    with pytest.raises(Exception):  # noqa: B017 - as tf.data passes it on
        train(made, tmp_path / "parts", batches(carry=True, on_batch=stop))
    train(made, tmp_path / "parts", batches(carry=True), resume=True)
    for a, b in zip(*(load_run(tmp_path / name)[0].get_weights() for name in ("whole", "parts")), strict=True):
        np.testing.assert_array_equal(a, b)
    summary = json.loads((tmp_path / "whole" / "summary.json").read_text(encoding="utf-8"))
    assert summary["teacher"] == {"name": "tutor", "dev_roc_auc": None, "weight": 0.5, "temperature": 1.0}


def test_an_unfinished_run_is_refused(make_run, config):
    folder = make_run()
    (folder / "summary.json").unlink()
    with pytest.raises(ModelError, match="finished run"):
        Teacher(pupil_of(config, folder), folder)


def test_another_front_end_is_refused(make_run, config):
    folder = make_run(features={"f_min": 50.0})
    with pytest.raises(FingerprintError, match=r"training\.teacher .*f_min"):
        Teacher(pupil_of(config, folder), folder)
