"""Noises out of nothing: random events without speech, so that a network cannot learn recordings of noise by heart.

Each track repeats random events of one family (bursts of noise, tones with harmonics, sweeps, drops, calls of animals)
or goes on without end: noise that swells, sirens, engines. They have what speech has too (harmonics, resonances, a
rhythm of a few hertz), but never moving as a mouth moves.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vad.data.calls import call, engine, siren
from vad.data.curves import phase, swell
from vad.data.shaping import filtered, random_gains
from vad.data.track import add_at, fade

Samples = NDArray[np.float32]

_GAINS_DB = 24.0
_KNOTS_PER_S = 2
_REST = 0.8


def synthetic_noise(n_samples: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Makes a track of one random family of noise.

    Args:
        n_samples: its length.
        sample_rate: in Hz.
        rng: decides.

    Returns:
        float32 (n_samples,), finite, of no particular level.
    """
    family = int(rng.integers(len(_EVENTS) + len(_BEDS)))
    if family < len(_EVENTS):
        track = _repeated(_EVENTS[family], n_samples, sample_rate, rng)
    else:
        track = _BEDS[family - len(_EVENTS)](n_samples, sample_rate, rng)
    return filtered(track, random_gains(_GAINS_DB, rng), sample_rate)


def _repeated(event: Callable[..., Samples], n_samples: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Lays events of one family out, by a rhythm or at random, most of them much like the last."""
    track = np.zeros(n_samples, np.float32)
    gap_s = np.exp(rng.uniform(np.log(0.02), np.log(1.5)))
    regular, alike = rng.random() < 0.4, rng.random()
    position = int(rng.uniform(0.0, gap_s) * sample_rate)
    piece = event(sample_rate, rng)
    while position < n_samples:
        if rng.random() > alike:
            piece = event(sample_rate, rng)
        add_at(track, piece * np.float32(10 ** (rng.uniform(-9.0, 0.0) / 20)), position)
        gap = gap_s if regular else rng.exponential(gap_s)
        position += int(gap * sample_rate) + (len(piece) if gap_s > 0.1 else sample_rate // 100)
    return track


def _swelling(n_samples: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Returns noise whose level rises and falls at 0.3 to 12 Hz: wind, waves, engines, tools."""
    time = np.arange(n_samples) / sample_rate
    knots = np.arange(int(n_samples / sample_rate * _KNOTS_PER_S) + 2) / _KNOTS_PER_S
    drift = np.interp(time, knots, rng.normal(0.0, 2.0, len(knots)))
    rate, depth_db = np.exp(rng.uniform(np.log(0.3), np.log(12.0))), rng.uniform(0.0, 15.0)
    level_db = depth_db * np.sin(2 * np.pi * rate * time + drift)
    swelling: Samples = (rng.standard_normal(n_samples) * 10 ** (level_db / 20)).astype(np.float32)
    return swelling


def _burst(sample_rate: int, rng: np.random.Generator) -> Samples:
    """Returns decaying noise: steps, rubbing, doors, breath of machines."""
    time = _time(sample_rate, rng, (0.01, 0.6))
    decay = np.exp(-time / time[-1] * rng.uniform(0.0, 6.0))
    return fade((rng.standard_normal(len(time)) * decay).astype(np.float32), sample_rate)


def _tone(sample_rate: int, rng: np.random.Generator) -> Samples:
    """Returns a tone with harmonics, steady, trembling or gliding: motors, horns, whistles, notes, calls."""
    time = _time(sample_rate, rng, (0.04, 1.5))
    pitch = np.exp(rng.uniform(np.log(60.0), np.log(2000.0)))
    glide = rng.uniform(-1.0, 1.0) if rng.random() < 0.4 else 0.0
    tremble = rng.uniform(0.0, 0.08) * np.sin(2 * np.pi * rng.uniform(3.0, 30.0) * time)
    frequency = pitch * 2 ** (glide * time / time[-1] + tremble)
    turned = phase(frequency, sample_rate)
    tilt = rng.uniform(0.0, 2.0)
    wave = np.zeros(len(time))
    for harmonic in range(1, 1 + int(rng.integers(1, 16))):
        heard = frequency * harmonic < 0.45 * sample_rate
        wave += heard * np.sin(harmonic * turned + rng.uniform(0, 2 * np.pi)) * harmonic**-tilt
    return fade((wave * swell(time / time[-1], _REST, rng)).astype(np.float32), sample_rate)


def _sweep(sample_rate: int, rng: np.random.Generator) -> Samples:
    """Returns a fast sweep: birds, sirens, alarms, games."""
    time = _time(sample_rate, rng, (0.02, 0.8))
    low, high = np.sort(np.exp(rng.uniform(np.log(200.0), np.log(0.45 * sample_rate), 2)))
    way = time / time[-1]
    way = way if rng.random() < 0.5 else 1.0 - way
    if rng.random() < 0.3:
        way = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.5, 6.0) * way)
    tone = np.sin(phase(low * (high / low) ** way, sample_rate))
    wave = np.sign(tone) if rng.random() < 0.2 else tone
    return fade((wave * swell(time / time[-1], _REST, rng)).astype(np.float32), sample_rate)


def _drop(sample_rate: int, rng: np.random.Generator) -> Samples:
    """Returns a short ringing that rises in pitch, as bubbles do: water, knocks, keys, dishes."""
    time = _time(sample_rate, rng, (0.005, 0.12))
    frequency = np.exp(rng.uniform(np.log(200.0), np.log(6000.0))) * (1 + rng.uniform(0.0, 0.5) * time / time[-1])
    ringing = np.sin(phase(frequency, sample_rate))
    drop: Samples = (ringing * np.exp(-time / time[-1] * rng.uniform(2.0, 8.0))).astype(np.float32)
    return drop


def _time(sample_rate: int, rng: np.random.Generator, bounds: tuple[float, float]) -> NDArray[np.float64]:
    """Returns the times of an event's samples in seconds, its length drawn log-uniformly."""
    length = int(np.exp(rng.uniform(*np.log(bounds))) * sample_rate)
    return np.arange(1, max(length, 16) + 1) / sample_rate


# Calls twice: of all these, they are what is taken for speech most often.
_EVENTS = (_burst, _tone, _sweep, _drop, call, call)
_BEDS = (_swelling, siren, engine)
