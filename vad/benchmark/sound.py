"""A recording to measure on, where none is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

SAMPLE_RATE = 16000
_PIECE_S = 60


def write_sound(path: Path, duration_s: float) -> None:
    """Writes a WAV of 16 bits at 16 kHz: harmonics in syllables, with pauses, over faint noise.

    No detector's time depends on what it hears, as long as it is not digital silence.
    """
    t = np.arange(_PIECE_S * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.3 * t)) / SAMPLE_RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) * (np.sin(2 * np.pi * 0.21 * t) > -0.3)
    noise = np.random.default_rng(0).normal(0, 0.002, len(t))
    piece = np.rint(32767 * np.clip(0.08 * voice * syllables + noise, -1, 1)).astype(np.int16)
    left = round(duration_s * SAMPLE_RATE)
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16", format="WAV") as file:
        while left > 0:
            file.write(piece[:left])
            left -= len(piece)
