"""Calls: sounds with a pitch and resonances that are no speech: animals, babies, sirens, engines, drones.

They are speech's nearest neighbours among noises. A call has a pitch that glides and a throat with resonances, as a
vowel has; what it lacks is what makes speech of vowels: the resonances stay where they are, or open and close once, and
nothing articulates between.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from vad.data.curves import Curve, phase, swell
from vad.data.track import fade

Samples = NDArray[np.float32]

_SOUND_SPEED = 343.0
_THROAT_M = (0.03, 0.4)


def call(sample_rate: int, rng: np.random.Generator) -> Samples:
    """Makes one call of a random creature, 0.25 to 2.5 s: pulses and breath through resonances.

    Args:
        sample_rate: in Hz.
        rng: decides.

    Returns:
        float32 (n,), finite, of no particular level.
    """
    way = np.linspace(0.0, 1.0, int(np.exp(rng.uniform(*np.log((0.25, 2.5)))) * sample_rate))
    pitch = np.exp(rng.uniform(np.log(45.0), np.log(900.0))) * 2 ** (_contour(way, rng) * rng.uniform(0.0, 0.7))
    jitter = np.repeat(rng.normal(0.0, rng.uniform(0.0, 0.04), len(way) // 40 + 1), 40)[: len(way)]
    voiced = _pulses(pitch * 2**jitter, sample_rate, rng)
    breath = rng.standard_normal(len(way)) * rng.uniform(0.0, 1.0) ** 2
    source = voiced + breath * (np.abs(voiced) if rng.random() < 0.5 else 1.0)
    heard = _through_throat(source, sample_rate, rng)
    if rng.random() < 0.3:
        opening = np.clip(1.5 * np.sin(np.pi * way), 0.0, 1.0)
        heard = heard * (1 - opening) + _through_throat(source, sample_rate, rng) * opening
    if rng.random() < 0.4:
        rough = 2 * np.pi * rng.uniform(12.0, 90.0) * way * len(way) / sample_rate
        heard *= 1.0 + rng.uniform(0.2, 0.9) * np.sin(rough)
    return fade((heard * swell(way, 0.6, rng)).astype(np.float32), sample_rate)


def siren(n_samples: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Makes a track of one siren or alarm: a tone that wails, yelps, or goes between two pitches, without end.

    Args:
        n_samples: its length.
        sample_rate: in Hz.
        rng: decides.

    Returns:
        float32 (n_samples,), finite.
    """
    time = np.arange(n_samples) / sample_rate
    turns = np.exp(rng.uniform(np.log(0.08), np.log(6.0))) * time + rng.random()
    swing = (
        np.sin(2 * np.pi * turns),
        signal.sawtooth(2 * np.pi * turns, rng.random()),
        signal.square(2 * np.pi * turns),
    )
    centre, span = np.exp(rng.uniform(np.log(300.0), np.log(2200.0))), rng.uniform(0.05, 0.8)
    pitch = centre * 2 ** (span * swing[rng.integers(3)])
    # Horns and loudspeakers distort: harmonics, up to nearly a square wave.
    tone = np.tanh(np.sin(phase(pitch, sample_rate)) * np.exp(rng.uniform(-1.0, 2.5)))
    if rng.random() < 0.3:
        tone *= signal.square(2 * np.pi * rng.uniform(0.5, 8.0) * time, rng.uniform(0.3, 0.8)) > 0
    if rng.random() < 0.5:
        tone = _through_throat(tone, sample_rate, rng)
    siren: Samples = tone.astype(np.float32)
    return siren


def engine(n_samples: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Makes a track of a machine that turns: engines, rotors, pumps, razors, up to four of nearly the same speed.

    Args:
        n_samples: its length.
        sample_rate: in Hz.
        rng: decides.

    Returns:
        float32 (n_samples,), finite.
    """
    seconds = n_samples / sample_rate
    way = np.linspace(0.0, 1.0, n_samples)
    speed = np.exp(rng.uniform(np.log(12.0), np.log(300.0))) * 2 ** (
        _contour(way, rng, seconds) * rng.uniform(0.0, 0.5)
    )
    turning = np.zeros(n_samples)
    for _ in range(int(rng.integers(1, 5))):
        turning += _pulses(speed * rng.uniform(0.95, 1.05), sample_rate, rng)
    turning += rng.standard_normal(n_samples) * rng.uniform(0.0, 0.5)
    engine: Samples = _through_throat(turning, sample_rate, rng).astype(np.float32)
    return engine


def _contour(way: Curve, rng: np.random.Generator, seconds: float = 1.0) -> Curve:
    """Returns a smooth random curve about 0, most of it between -1 and 1, with a turn a second or a few in all."""
    knots = rng.normal(0.0, 0.5, max(3, int(rng.integers(3, 6) * seconds / 2)))
    curve: Curve = np.interp(way, np.linspace(0.0, 1.0, len(knots)), knots)
    return curve


def _pulses(pitch: Curve, sample_rate: int, rng: np.random.Generator) -> Curve:
    """Returns a pulse for every period, soft like a flute's or sharp like a crow's, as loud as noise of deviation 1."""
    part = (phase(pitch, sample_rate) / (2 * np.pi)) % 1.0
    pulses = np.exp(-part * np.exp(rng.uniform(np.log(1.0), np.log(30.0))))
    pulses -= pulses.mean()
    loud: Curve = pulses / max(float(pulses.std()), 1e-6)
    return loud


def _through_throat(source: Curve, sample_rate: int, rng: np.random.Generator) -> Curve:
    """Sends a source through the resonances of a tube, side by side.

    A tube of length l, closed at one end, resounds at odd multiples of c / 4l: 17 cm is a man's throat, 9 cm a baby's.
    """
    heard = source * rng.uniform(0.0, 0.3)
    first = _SOUND_SPEED / (4 * np.exp(rng.uniform(*np.log(_THROAT_M))))
    for number in range(int(rng.integers(1, 5))):
        centre = min(first * (2 * number + 1) * np.exp(rng.normal(0.0, 0.25)), 0.45 * sample_rate)
        numerator, denominator = signal.iirpeak(centre, np.exp(rng.uniform(np.log(2.0), np.log(15.0))), fs=sample_rate)
        heard = heard + signal.lfilter(numerator, denominator, source) * np.exp(rng.uniform(-2.0, 0.0))
    throat: Curve = heard
    return throat
