"""What microphone, line and codec do to a mixture, by audiomentations where it has it.

audiomentations draws from the global random states of Python and NumPy: they are seeded around every call and put
back afterwards.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import audiomentations
import numpy as np
from numpy.typing import NDArray

from vad.config.data import AugmentConfig
from vad.data.codecs import TELEPHONE, WIDEBAND, through_codec
from vad.frames import seconds_to_samples
from vad.segments import Timeline

_global_states = threading.Lock()
_QUIETEST = 1e-5
_MIN_SILENCE_S = 0.3


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds the global random states of Python and NumPy within a block, and puts them back after it.

    One thread at a time: the others wait.
    """
    with _global_states:
        yield from _seeded(seed)


def _seeded(seed: int) -> Iterator[None]:
    kept, kept_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(kept)
        np.random.set_state(kept_numpy)  # noqa: NPY002


def through_line(
    samples: NDArray[np.float32], sample_rate: int, config: AugmentConfig, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Sends a mixture through a random microphone, line and codec.

    Args:
        samples: float32 (n,), peak at most 1.
        sample_rate: in Hz.
        config: how often each effect acts.
        rng: decides.

    Returns:
        float32 (n,), finite, neither delayed nor scaled to any level.
    """
    happens = rng.random(9)
    effects: list[Any] = []
    if happens[0] < config.hiss_share:
        effects.append(audiomentations.AddColorNoise(20.0, 60.0, -6.0, 3.0, p=1.0))
    if happens[1] < config.equalizer_share:
        effects.append(audiomentations.SevenBandParametricEQ(*config.equalizer_db, p=1.0))
    if happens[2] < config.high_pass_share:
        effects.append(audiomentations.HighPassFilter(20.0, 400.0, p=1.0))
    if happens[3] < config.low_pass_share:
        effects.append(audiomentations.LowPassFilter(2500.0, 7500.0, p=1.0))
    if happens[4] < config.level_jump_share:
        effects.append(audiomentations.GainTransition(-20.0, 6.0, 0.02, 2.0, p=1.0))
    heard = _apply(samples, sample_rate, effects, rng)
    if happens[5] < config.hum_share:
        heard = heard + _hum(len(heard), sample_rate, rng) * _rms(heard)
    if happens[6] < config.click_share:
        heard = heard + _clicks(len(heard), sample_rate, rng)
    if happens[7] < config.clipping_share:
        heard = _clipped(heard, sample_rate, rng)
    draw = happens[8]
    if draw < config.telephone_share:
        band = [
            audiomentations.HighPassFilter(250.0, 350.0, p=1.0),
            audiomentations.LowPassFilter(3300.0, 3500.0, p=1.0),
        ]
        heard = _apply(heard, sample_rate, band, rng)
        return through_codec(_fitting(heard, rng), sample_rate, TELEPHONE[rng.integers(len(TELEPHONE))])
    if draw < config.telephone_share + config.codec_share:
        codec = WIDEBAND[rng.integers(len(WIDEBAND))]
        return through_codec(_fitting(heard, rng), sample_rate, codec, compression=float(rng.uniform(0.3, 0.95)))
    return heard


def digitised(
    samples: NDArray[np.float32],
    sample_rate: int,
    speech: Timeline,
    config: AugmentConfig,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Sets the level, adds an offset, turns a pause into digital silence, and rounds to 16 bits.

    Args:
        samples: float32 (n,).
        sample_rate: in Hz.
        speech: where there is speech; digital silence spares it.
        config: how often each effect acts, and the levels.
        rng: decides.

    Returns:
        float32 (n,), multiples of 1/32768 in [-1, 1).
    """
    peak = float(np.max(np.abs(samples), initial=0.0))
    low, high = config.level_db
    # The louder of two draws: quiet recordings occur, but most frames should not vanish in the floor.
    level_db = low + (high - low) * float(rng.random(2).max())
    scaled = samples * np.float32(10 ** (level_db / 20) / max(peak, _QUIETEST))
    offset = rng.uniform(-0.05, 0.05) if rng.random() < config.dc_share else 0.0
    steps = np.clip(np.rint((scaled + np.float32(offset)) * 32768), -32768, 32767)
    rounded: NDArray[np.float32] = steps.astype(np.float32) / np.float32(32768)
    if rng.random() < config.silence_share:
        pauses = [p for p in speech.gaps(0.0, len(samples) / sample_rate) if p.duration >= _MIN_SILENCE_S]
        if pauses:
            pause = pauses[rng.integers(len(pauses))]
            start, end = np.sort(rng.uniform(pause.start, pause.end, 2))
            rounded[seconds_to_samples(start, sample_rate) : seconds_to_samples(end, sample_rate)] = 0
    return rounded


def _apply(
    samples: NDArray[np.float32], sample_rate: int, effects: list[Any], rng: np.random.Generator
) -> NDArray[np.float32]:
    with seeded(int(rng.integers(2**32))):
        for effect in effects:
            samples = effect(samples, sample_rate)
    return np.nan_to_num(samples).astype(np.float32, copy=False)


def _clipped(samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    peak = max(float(np.max(np.abs(samples))), _QUIETEST)
    hard = rng.random() < 0.6
    effect = (
        audiomentations.ClippingDistortion(1, 15, p=1.0) if hard else audiomentations.TanhDistortion(0.1, 0.7, p=1.0)
    )
    return _apply(samples / np.float32(peak), sample_rate, [effect], rng)


def _fitting(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Sets the peak to -20…0 dB of full scale: quiet recordings lose more in a codec."""
    peak = max(float(np.max(np.abs(samples))), _QUIETEST)
    return samples * np.float32(10 ** (rng.uniform(-20.0, 0.0) / 20) / peak)


def _hum(n_samples: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns mains hum with harmonics, -30 to 0 dB against a level of 1."""
    mains = float(rng.choice([50.0, 60.0])) * rng.uniform(0.995, 1.005)
    time = np.arange(n_samples, dtype=np.float32) / sample_rate
    harmonics = rng.permutation(np.arange(1, 9))[: rng.integers(1, 6)]
    wave = np.zeros(n_samples, np.float32)
    for harmonic in harmonics:
        phase, gain = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.0) / harmonic
        wave += np.float32(gain) * np.sin(np.float32(2 * np.pi * mains * harmonic) * time + np.float32(phase))
    return wave * np.float32(10 ** (rng.uniform(-30.0, 0.0) / 20))


def _clicks(n_samples: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns short decaying bursts at random places, up to full scale."""
    clicks = np.zeros(n_samples, np.float32)
    for _ in range(rng.integers(1, 12)):
        length = int(rng.integers(2, max(3, sample_rate // 200)))
        start = int(rng.integers(max(1, n_samples - length)))
        burst = rng.normal(size=length) * np.exp(-np.arange(length) * 4 / length)
        clicks[start : start + length] += (burst * 10 ** (rng.uniform(-40.0, -3.0) / 20)).astype(np.float32)
    return clicks


def _rms(samples: NDArray[np.float32]) -> np.float32:
    return np.float32(np.sqrt(np.mean(samples * samples)))
