"""The front-end chunk by chunk, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.features.spec import FeatureSpec
from vad.features.tables import hann_window, mel_matrix
from vad.features.waveform import check_waveform

# Bounds the memory of one push: a window's samples are repeated win / hop times.
_BLOCK_FRAMES = 256


class StreamingLogMel:
    """Turns chunks of any size into the frames that the whole recording would have.

    Holds the samples that a future frame still needs, always fewer than one window, and no other state.

    Example:
        >>> stream = StreamingLogMel(FeatureSpec())
        >>> [len(stream.push(np.zeros(n, np.float32))) for n in (511, 1, 160)]
        [0, 1, 1]
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._ring = np.empty(spec.win_length, np.float32)
        self._held = 0

    def reset(self) -> None:
        """Forgets the samples held: the next chunk starts a new recording."""
        self._held = 0

    def push(self, chunk: NDArray[np.float32]) -> NDArray[np.float32]:
        """Takes the next samples and returns the frames that they complete.

        Args:
            chunk: mono float32 ``(n_samples,)`` of any length, also none.

        Returns:
            float32 ``(n_frames, n_mels)``.

        Raises:
            ShapeError: `chunk` is no one-dimensional float array.
            NonFiniteError: `chunk` holds NaN or infinity; the stream stands as before the call.
        """
        chunk = check_waveform(chunk)
        spec = self._spec
        if self._held + len(chunk) < spec.win_length:
            self._ring[self._held : self._held + len(chunk)] = chunk
            self._held += len(chunk)
            return np.empty((0, spec.n_mels), np.float32)
        samples = np.concatenate([self._ring[: self._held], chunk])
        n_frames = spec.grid.count(len(samples))
        frames = np.empty((n_frames, spec.n_mels), np.float32)
        for first in range(0, n_frames, _BLOCK_FRAMES):
            stop = min(first + _BLOCK_FRAMES, n_frames)
            frames[first:stop] = _log_mel(samples[first * spec.hop_length :], stop - first, spec)
        rest = samples[n_frames * spec.hop_length :]
        self._held = len(rest)
        self._ring[: self._held] = rest
        return frames


def _log_mel(samples: NDArray[np.float32], n_frames: int, spec: FeatureSpec) -> NDArray[np.float32]:
    windows = np.lib.stride_tricks.sliding_window_view(samples, spec.win_length)
    windows = windows[: n_frames * spec.hop_length : spec.hop_length]
    spectrum = np.fft.rfft(windows * hann_window(spec))
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    # A product of its own for every frame: one for all rounds differently with the number of frames, and then the
    # chunks of a stream would not give the bits of the whole.
    mel = (power[:, np.newaxis] @ mel_matrix(spec))[:, 0]
    frames: NDArray[np.float32] = np.log(mel + np.float32(spec.log_floor))
    return frames
