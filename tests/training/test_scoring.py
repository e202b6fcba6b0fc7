"""The dev score is the exact pooled one, over labelled frames only."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from vad.errors import ModelError
from vad.training.learner import Learner, choose_strategy
from vad.training.scoring import Scorer


def scorer_of(config):
    tf.keras.utils.set_random_seed(3)
    return Scorer(config)


def test_it_agrees_with_scikit_learn_whatever_the_batches(config, frames):
    x, y, w = frames(1, 7, 15)
    w[2, 5:] = 0
    scorer = scorer_of(config())
    scores = []
    for size in (2, 7):
        dev = tf.data.Dataset.from_tensor_slices((x, y, w)).batch(size)
        scores.append(scorer.score(dev, between=lambda: None))
    logits = scorer._model(x).numpy()
    assert scores[0].curve.auc() == pytest.approx(roc_auc_score(y[w > 0], logits[w > 0]), abs=1e-6)
    assert scores[0].curve.auc() == pytest.approx(scores[1].curve.auc(), abs=1e-6)
    assert scores[0].loss == pytest.approx(scores[1].loss, rel=1e-6)
    p = 1 / (1 + np.exp(-logits[w > 0].astype(float)))
    expected = -np.mean(np.log(np.where(y[w > 0] == 1, p, 1 - p)))
    assert scores[0].loss == pytest.approx(expected, rel=1e-5)
    assert scores[0].measures()["speech_frames"] == y[w > 0].sum()


def test_one_class_is_refused_with_the_remedy(config, frames):
    x, y, w = frames(1, 2, 9)
    dev = tf.data.Dataset.from_tensor_slices((x, y * 0, w)).batch(2)
    with pytest.raises(ModelError, match=r"0 frames of speech.*data\.hours\.dev"):
        scorer_of(config()).score(dev, between=lambda: None)


def test_it_takes_what_the_learner_gives_and_reads_what_it_saves(tmp_path, config):
    made = config()
    learner = Learner(made, total_steps=9, strategy=choose_strategy(made.training))
    scorer, other = scorer_of(made), Scorer(made)
    scorer.take(learner.averaged_weights())
    scorer.save(tmp_path / "model.weights.h5")
    other.load(tmp_path / "model.weights.h5")
    for a, b in zip(learner.averaged_weights(), other._model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
