"""One sound made into many: played faster, slower or backwards, through a filter, or whispered."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

Samples = NDArray[np.float32]

_POINTS = 8
_LOW_HZ = 60.0
_TAPS = 255
_WHISPER_WINDOW = 512
_WHISPER_LIFTER = 26
_WHISPER_LOW_CUT_HZ = 350.0


def played(samples: Samples, speed: float) -> Samples:
    """Returns a sound played `speed` times as fast: shorter and higher above 1."""
    if speed == 1.0:
        return samples
    changed: Samples = soxr.resample(samples, speed, 1.0, quality="MQ")
    return changed


def random_gains(range_db: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws gains in dB, float64 (points,), for `filtered`; they span `range_db` at the most."""
    return rng.uniform(-range_db / 2, range_db / 2, _POINTS)


def filtered(samples: Samples, gains_db: NDArray[np.float64], sample_rate: int) -> Samples:
    """Sends a sound through a smooth random filter without delay.

    Args:
        samples: float32 (n,).
        gains_db: float64 (points,), at frequencies evenly spaced on a logarithmic scale up to the highest.
        sample_rate: in Hz.

    Returns:
        float32 (n,).
    """
    points = np.geomspace(_LOW_HZ, sample_rate / 2, len(gains_db))
    frequencies = np.linspace(0.0, sample_rate / 2, (_TAPS + 1) // 2 + 1)
    gains = 10 ** (np.interp(frequencies, points, gains_db) / 20)
    # An odd number of taps about the middle one: no delay, not even half a sample.
    taps = np.fft.fftshift(np.fft.irfft(gains))[1:] * np.hanning(_TAPS)
    shaped: Samples = signal.oaconvolve(samples, taps.astype(np.float32), mode="same").astype(np.float32)
    return shaped


def whispered(samples: Samples, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Takes the voice out of speech: its resonances stay, its pitch becomes noise.

    Args:
        samples: float32 (n,), speech.
        sample_rate: in Hz.
        rng: makes the noise.

    Returns:
        float32 (n,), about as loud, without what whispering lacks below 350 Hz.

    References:
        Oppenheim and Schafer, From frequency to quefrency, IEEE Signal Processing Magazine 21(5), 2004 (the envelope
        by low quefrencies).
    """
    overlap = _WHISPER_WINDOW * 3 // 4
    frequencies, _, spectrum = signal.stft(samples, sample_rate, nperseg=_WHISPER_WINDOW, noverlap=overlap)
    quefrencies = np.fft.irfft(np.log(np.abs(spectrum) + 1e-7), axis=0)
    quefrencies[_WHISPER_LIFTER : len(quefrencies) - _WHISPER_LIFTER] = 0
    envelope = np.exp(np.fft.rfft(quefrencies, axis=0).real)
    envelope[frequencies < _WHISPER_LOW_CUT_HZ] *= 0.1
    noise = rng.standard_normal((2, *spectrum.shape)) / np.sqrt(2)
    _, breath = signal.istft(
        envelope * (noise[0] + 1j * noise[1]), sample_rate, nperseg=_WHISPER_WINDOW, noverlap=overlap
    )
    out = np.zeros(len(samples), np.float32)
    out[: min(len(out), len(breath))] = breath[: len(out)]
    return out
