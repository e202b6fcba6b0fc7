"""The only arithmetic between seconds, samples and frames, in integers.

Frame ``t`` is computed from the samples ``[hop·t, hop·t + win)``; its time is the centre of that window. Every
sample belongs to the frame whose centre is nearest, so the edge between frames ``t - 1`` and ``t`` lies half a hop
before the centre of ``t``. Frame 0 also owns the samples before its edge, the last frame those after its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError


def seconds_to_samples(seconds: float, sample_rate: int) -> int:
    """Returns the sample index nearest to a time, halves rounded up."""
    return math.floor(seconds * sample_rate + 0.5)


def samples_to_seconds(samples: int, sample_rate: int) -> float:
    """Returns the time of a sample index in seconds."""
    return samples / sample_rate


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Where the analysis frames of a recording lie.

    Args:
        sample_rate: in Hz.
        win_length: samples that one frame sees.
        hop_length: samples between the starts of consecutive frames.

    Raises:
        ConfigError: unless ``0 < hop_length <= win_length`` and ``win_length - hop_length`` is even, so that
            the edges between frames are whole samples.
    """

    sample_rate: int = 16000
    win_length: int = 512
    hop_length: int = 160

    def __post_init__(self) -> None:
        if self.sample_rate <= 0 or not 0 < self.hop_length <= self.win_length:
            raise ConfigError(f"frames need sample_rate > 0 and 0 < hop_length <= win_length; received {self}")
        if (self.win_length - self.hop_length) % 2:
            raise ConfigError(f"win_length - hop_length must be even; received {self}")

    def count(self, n_samples: int) -> int:
        """Returns how many whole frames fit in `n_samples`; 0 when shorter than one window."""
        return max(0, 1 + (n_samples - self.win_length) // self.hop_length)

    def samples_for(self, n_frames: int) -> int:
        """Returns how many samples `n_frames` consecutive frames see."""
        return self.win_length + self.hop_length * (n_frames - 1) if n_frames > 0 else 0

    def centre(self, t: int) -> int:
        """Returns the sample index of the centre of frame `t`."""
        return self.hop_length * t + self.win_length // 2

    def boundary(self, t: int) -> int:
        """Returns the sample index of the edge between the frames `t` - 1 and `t`."""
        return self.hop_length * t + (self.win_length - self.hop_length) // 2

    def times(self, n_frames: int, first: int = 0) -> NDArray[np.float64]:
        """Returns the centres of the frames ``first … first + n_frames - 1`` in seconds, float64."""
        index = np.arange(first, first + n_frames, dtype=np.int64)
        return (index * self.hop_length + self.win_length // 2) / self.sample_rate

    def frames_in(self, seconds: float) -> int:
        """Returns a duration as a whole number of hops, halves rounded up."""
        return math.floor(seconds * self.sample_rate / self.hop_length + 0.5)
