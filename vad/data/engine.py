"""What another detector says of mixtures: a voice beside the labels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.config import Config
from vad.frames import FrameGrid
from vad.peers import SileroEngine

# What it says of a window of 32 ms fits the labels of mixtures best where it is taken to be said 40 ms late.
_LATE_S: Final = 0.04
FULL: Final = 255
"""Stands for a value of 1."""


class EngineVoice:
    """Silero's values of mixtures, frame by frame.

    Args:
        grid: the frames' places, at 16 kHz.

    Raises:
        MissingDependencyError: silero-vad or onnxruntime is not installed; the message says how to install them.
    """

    def __init__(self, grid: FrameGrid) -> None:
        self._engine = SileroEngine()
        self._grid = grid

    def judge(self, mixtures: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Judges mixtures of one length, each from its start.

        Args:
            mixtures: float32 ``(batch, n_samples)``, 16 kHz.

        Returns:
            uint8 ``(batch, n_frames)``, `FULL` where a value is 1; straight lines lie between the centres of windows.
        """
        times, values = self._engine.judge(mixtures)
        frames = self._grid.times(self._grid.count(mixtures.shape[1]))
        rows = [np.interp(frames, times - _LATE_S, row) for row in values]
        voices: NDArray[np.uint8] = np.rint(FULL * np.array(rows)).astype(np.uint8)
        return voices


def engine_voice(config: Config, split: str) -> EngineVoice | None:
    """Returns who speaks beside the labels of a split: nobody in dev, whose labels models are chosen by.

    Raises:
        MissingDependencyError: as of `EngineVoice`.
    """
    return EngineVoice(config.features.grid) if has_engine(config, split) else None


def has_engine(config: Config, split: str) -> bool:
    """Whether an engine speaks beside the labels of a split."""
    return config.data.engine is not None and split == "train"
