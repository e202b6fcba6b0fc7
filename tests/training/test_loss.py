"""Laws of the frame loss."""

from __future__ import annotations

import numpy as np
import pytest

from vad.config.training import LossConfig
from vad.training.loss import distilled, frame_losses, frame_weights


def reference(y, x, smoothing=0.0, gamma=0.0, speech=1.0):
    p = 1 / (1 + np.exp(-x))
    target = y * (1 - 2 * smoothing) + smoothing
    loss = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    return loss * (y * (1 - p) + (1 - y) * p) ** gamma * np.where(y == 1, speech, 1.0)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"label_smoothing": 0.1},
        {"focal_gamma": 2.0},
        {"speech_weight": 3.0},
        {"label_smoothing": 0.05, "focal_gamma": 1},
    ],
)
def test_it_is_the_formula(settings):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 7)).astype("float32") * 4
    y = (rng.random((3, 7)) > 0.5).astype("float32")
    expected = reference(
        y,
        x.astype(float),
        *(
            settings.get(key, default)
            for key, default in (("label_smoothing", 0), ("focal_gamma", 0), ("speech_weight", 1))
        ),
    )
    np.testing.assert_allclose(frame_losses(y, x, LossConfig(**settings)), expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_loss_and_gradient_are_finite_for_any_logit(gamma):
    import tensorflow as tf

    logits = tf.constant([[-500.0, -40.0, 0.0, 40.0, 500.0]])
    for label in (0.0, 1.0):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = frame_losses(tf.fill([1, 5], label), logits, LossConfig(focal_gamma=gamma))
        assert np.isfinite(losses).all()
        assert np.isfinite(tape.gradient(losses, logits)).all()


def weights_by_definition(labels, weights, factor, reach):
    out = weights.copy()
    for row in range(len(labels)):
        for t in range(labels.shape[1]):
            for k in range(1, labels.shape[1]):
                is_change = labels[row, k] != labels[row, k - 1] and weights[row, k] > 0 and weights[row, k - 1] > 0
                if is_change and k - reach <= t < k + reach:
                    out[row, t] = weights[row, t] * factor
    return out


@pytest.mark.parametrize(("boundary_s", "reach"), [(0.001, 1), (0.01, 1), (0.024, 2), (0.05, 5)])
@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
def test_frames_near_a_change_weigh_more_or_less(factor, boundary_s, reach):
    rng = np.random.default_rng(1)
    labels = np.repeat(rng.random((3, 12)) > 0.5, 4, axis=1).astype("float32")
    weights = np.repeat(rng.random((3, 12)) > 0.2, 4, axis=1).astype("float32")
    found = frame_weights(labels, weights, LossConfig(boundary_weight=factor, boundary_s=boundary_s), 100.0)
    np.testing.assert_array_equal(found, weights_by_definition(labels, weights, factor, reach))


def test_where_labels_begin_or_are_missing_is_no_boundary():
    labels = np.array([[0, 0, 1, 1, 1, 0, 0]], "float32")
    weights = np.array([[0, 0, 1, 1, 1, 0, 1]], "float32")
    found = frame_weights(labels, weights, LossConfig(boundary_weight=3.0), 100.0)
    np.testing.assert_array_equal(found, weights)


def test_without_boundary_weight_the_weights_are_returned_as_they_are():
    weights = np.ones((2, 3), "float32")
    assert frame_weights(weights, weights, LossConfig(), 100.0) is weights


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_distillation_is_the_formula(temperature):
    rng = np.random.default_rng(2)
    losses, logits, taught = (rng.normal(size=(2, 5)) * 3 for _ in range(3))
    share = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    p, q = (1 / (1 + np.exp(-x / temperature)) for x in (taught, logits))
    distance = -(p * np.log(q) + (1 - p) * np.log(1 - q)) * temperature**2
    found = distilled(losses, logits, taught, share=share, temperature=temperature)
    np.testing.assert_allclose(found, (1 - share) * losses + share * distance, rtol=1e-6)


def test_a_pupil_that_agrees_with_its_teacher_is_pulled_nowhere():
    import tensorflow as tf

    logits = tf.constant([[-2.0, 0.5, 7.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        taught = tf.constant(logits.numpy())
        losses = distilled(tf.zeros((1, 3)), logits, taught, share=tf.ones(3), temperature=2.0)
    np.testing.assert_allclose(tape.gradient(losses, logits), np.zeros((1, 3)), atol=1e-6)
