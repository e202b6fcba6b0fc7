"""The front-end over a whole recording, by librosa: the oracle that the other faces agree with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.features.spec import FeatureSpec
from vad.features.tables import hann_window, mel_matrix
from vad.features.waveform import check_waveform

# A minute of frames at a time: the complex spectrum of hours would not fit in memory.
_BLOCK_FRAMES = 6000


def log_mel(samples: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    """Computes the log-mel frames of a recording.

    Args:
        samples: mono float32 ``(n_samples,)`` at ``spec.sample_rate``, full scale at ±1.
        spec: the features.

    Returns:
        float32 ``(n_frames, n_mels)``, natural logarithm of power; no frames when `samples` is shorter than one
        window.

    Raises:
        ShapeError: `samples` is no one-dimensional float array.
        NonFiniteError: `samples` holds NaN or infinity.
    """
    samples = check_waveform(samples)
    grid = spec.grid
    n_frames = grid.count(len(samples))
    frames = np.empty((n_frames, spec.n_mels), np.float32)
    for first in range(0, n_frames, _BLOCK_FRAMES):
        stop = min(first + _BLOCK_FRAMES, n_frames)
        begin = first * spec.hop_length
        frames[first:stop] = _block(samples[begin : begin + grid.samples_for(stop - first)], spec)
    return frames


def _block(samples: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    import librosa

    spectrum = librosa.stft(
        samples,
        n_fft=spec.win_length,
        hop_length=spec.hop_length,
        win_length=spec.win_length,
        window=hann_window(spec),
        center=False,
    )
    power = spectrum.real**2 + spectrum.imag**2
    frames: NDArray[np.float32] = np.log(mel_matrix(spec).T @ power + np.float32(spec.log_floor)).T
    return frames
