"""Every port's resampler: pitch, level and place of a tone, what is left of others, chunks, and lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

TARGET = 16000
RATES = (8000, 11025, 24000, 44100, 48000)
SECONDS = 0.25
# What a tone may lose or gain, up to this share of the lower of the two rates' halves.
IN_BAND, LEVEL_DB = 0.87, 0.1
# How far down everything is that is no part of a tone: images, aliases, and tones above the band.
FLOOR_DB = -70
BEYOND = 1.05


def _tone(rate: int, frequency: float) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * frequency * np.arange(int(SECONDS * rate)) / rate).astype(np.float32)


def _inner(samples: NDArray[np.float32]) -> slice:
    """Away from the ends, where a window holds silence too."""
    return slice(400, len(samples) - 400)


def _decibel(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-12)))


def _fit(samples: NDArray[np.float32], frequency: float) -> tuple[float, float, float]:
    """Returns level in dB, delay in samples and what is left in dB of a tone at the target rate."""
    part = _inner(samples)
    angle = 2 * np.pi * frequency * np.arange(len(samples))[part] / TARGET
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    (sine, cosine), *_ = np.linalg.lstsq(basis, samples[part].astype(np.float64), rcond=None)
    rest = samples[part] - basis @ [sine, cosine]
    delay = -np.arctan2(cosine, sine) / (2 * np.pi * frequency) * TARGET
    return _decibel(float(np.hypot(sine, cosine))), float(delay), _decibel(float(np.sqrt(2 * (rest**2).mean())))


def _resample(program: list[str], ask: Any, sounds: list[tuple[int, int, Any]]) -> list[NDArray[np.float32]]:
    """Resamples sounds: rate, chunk, samples."""
    return [told.floats for told in ask(program, [("resample", rate, TARGET, *rest) for rate, *rest in sounds])]


def test_tones_keep_pitch_level_and_place(stream_driver: list[str], ask: Any) -> None:
    cases = [(rate, share * min(rate, TARGET) / 2) for rate in RATES for share in (0.02, 0.1, 0.3, 0.6, IN_BAND)]
    found = _resample(stream_driver, ask, [(rate, 480, _tone(rate, frequency)) for rate, frequency in cases])
    for (rate, frequency), samples in zip(cases, found, strict=True):
        level, delay, rest = _fit(samples, frequency)
        assert abs(level) < LEVEL_DB, (rate, frequency, level)
        assert abs(delay) < 0.01, (rate, frequency, delay)
        assert rest < FLOOR_DB, (rate, frequency, rest)


def test_tones_above_the_band_are_gone(stream_driver: list[str], ask: Any) -> None:
    cases = [
        (rate, share * TARGET / 2) for rate in RATES for share in (BEYOND, 1.2, 1.45, 2, 2.7) if share * TARGET < rate
    ]
    found = _resample(stream_driver, ask, [(rate, 480, _tone(rate, frequency)) for rate, frequency in cases])
    assert len(cases) > 8
    for (rate, frequency), samples in zip(cases, found, strict=True):
        level = _decibel(float(np.sqrt(2 * (samples[_inner(samples)].astype(np.float64) ** 2).mean())))
        assert level < FLOOR_DB, (rate, frequency, level)


def test_chunks_make_no_difference(stream_driver: list[str], ask: Any) -> None:
    rng = np.random.default_rng(3)
    for rate in (8000, 16000, 44100):
        noise = rng.normal(0, 0.2, 3001).astype(np.float32)
        whole, *others = _resample(stream_driver, ask, [(rate, chunk, noise) for chunk in (3001, 1, 7, 160, 1024)])
        for other in others:
            np.testing.assert_array_equal(other, whole)


def test_the_length_is_that_of_the_sound(stream_driver: list[str], ask: Any) -> None:
    """The input's at the new rate, halves rounded up; and an equal rate changes nothing."""
    cases = [(rate, length) for rate in (*RATES, TARGET) for length in (0, 1, 2, 3, 100, 441, 2205)]
    rng = np.random.default_rng(4)
    sounds = [(rate, 64, rng.normal(0, 0.2, length).astype(np.float32)) for rate, length in cases]
    found = _resample(stream_driver, ask, sounds)
    for (rate, length), (_, _, given), samples in zip(cases, sounds, found, strict=True):
        assert len(samples) == (2 * length * TARGET + rate) // (2 * rate), (rate, length)
        if rate == TARGET:
            np.testing.assert_array_equal(samples, given)


@pytest.mark.parametrize("rate", RATES)
def test_all_ports_give_the_samples_of_c(stream_driver: list[str], c_program: list[str], ask: Any, rate: int) -> None:
    noise = np.random.default_rng(rate).normal(0, 0.2, 2000).astype(np.float32)
    (found,) = _resample(stream_driver, ask, [(rate, 480, noise)])
    (wanted,) = _resample(c_program, ask, [(rate, 480, noise)])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-6)
