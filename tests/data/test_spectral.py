"""Laws of changes to log-mel frames."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from vad.config.data import PipelineConfig
from vad.data.spectral import amplified, interpolation, random_cut, random_gains, random_warp
from vad.features.offline import log_mel
from vad.features.spec import FeatureSpec
from vad.features.tables import band_edges

SPEC = FeatureSpec()


def test_a_level_on_frames_is_that_level_on_the_recording() -> None:
    samples = np.random.default_rng(0).normal(0, 0.02, 8000).astype(np.float32)
    samples[4000:] *= 1e-3
    for gain_db in (-12.0, 0.0, 9.0):
        louder = log_mel((samples * 10 ** (gain_db / 20)).astype(np.float32), SPEC)
        frames = amplified(tf.constant(log_mel(samples, SPEC)), tf.fill((40,), gain_db), SPEC)
        assert np.allclose(frames, louder, atol=2e-3)


def test_silence_stays_silence() -> None:
    silence = np.full((5, 40), np.log(SPEC.log_floor), np.float32)
    assert np.allclose(amplified(tf.constant(silence), tf.fill((40,), 20.0), SPEC), silence, atol=1e-4)


def test_the_equaliser_is_smooth_and_within_its_bounds() -> None:
    matrix = interpolation(6, 40)
    assert np.allclose(matrix.sum(axis=0), 1) and matrix.min() >= 0
    config = PipelineConfig(level_shift_db=(0.0, 0.0), equalizer_db=10.0)
    curves = np.array([random_gains(config, 40, tf.constant([1, 10 * i], tf.int64)) for i in range(200)])
    assert np.max(np.abs(curves)) <= 10
    assert np.max(np.abs(curves)) > 7
    assert np.max(np.abs(np.diff(curves, axis=1))) < 5
    assert len({curve.tobytes() for curve in curves}) == 200


def test_the_level_alone_is_flat_and_within_its_bounds() -> None:
    config = PipelineConfig(level_shift_db=(-6.0, 3.0), equalizer_db=0.0)
    gains = np.array([random_gains(config, 40, tf.constant([1, 10 * i], tf.int64)) for i in range(200)])
    assert np.all(gains == gains[:, :1])
    assert -6 <= gains.min() < -5 and 2 < gains.max() <= 3


def test_cuts_are_the_same_stretch_of_everything() -> None:
    frames = tf.tile(tf.range(100.0)[:, None], (1, 40))
    labels = tf.range(100)
    firsts = set()
    for i in range(60):
        seed = tf.constant([3, i], tf.int64)
        cut, label, mask = random_cut((frames, labels, labels), 90, seed)
        assert cut.shape == (90, 40)
        assert np.array_equal(cut[:, 0], label) and np.array_equal(label, mask)
        firsts.add(int(label[0]))
    assert firsts == set(range(11))
    assert random_cut((frames, labels, labels), 500, tf.constant([3, 0], tf.int64))[1].shape == (100,)


def test_a_warp_moves_tones_by_one_factor_within_its_bounds() -> None:
    time = np.arange(8000) / 16000
    centres = band_edges(SPEC)[1:-1]
    frames = {
        tone: tf.constant(log_mel((0.1 * np.sin(2 * np.pi * tone * time)).astype(np.float32), SPEC)[5:-5])
        for tone in (900.0, 2000.0)
    }
    factors = []
    for i in range(40):
        seed = tf.constant([1, i], tf.int64)
        moved = {tone: random_warp(x, 0.25, SPEC, seed).numpy() for tone, x in frames.items()}
        found = {tone: tone / centres[np.argmax(x.mean(axis=0))] for tone, x in moved.items()}
        assert np.isclose(found[900.0], found[2000.0], rtol=0.15)
        assert all(1 / 1.25 / 1.1 < each < 1.25 * 1.1 for each in found.values())
        factors.append(found[2000.0])
    assert min(factors) < 0.9 and max(factors) > 1.1


def test_no_warp_and_flat_spectra_stay_as_they_are() -> None:
    frames = tf.random.stateless_normal((20, 40), (0, 1))
    seed = tf.constant([1, 2], tf.int64)
    assert np.allclose(random_warp(frames, 0.0, SPEC, seed), frames, atol=1e-3)
    flat = tf.fill((20, 40), -3.0)
    assert np.allclose(random_warp(flat, 0.3, SPEC, seed), flat)
