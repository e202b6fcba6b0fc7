"""Laws of the frame loss."""

from __future__ import annotations

import numpy as np
import pytest

from vad.config.training import LossConfig
from vad.training.loss import frame_losses


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
