"""One line on a terminal that shows how loud it is, how much like speech, and for how long."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rich.text import Text

_REDRAW_S = 0.08
_FLOOR_DB = -60.0
_WIDTH = 20
# Seconds in which the level falls back from the loudest to the floor.
_FALL_S = 1.5


class Meter:
    """Level and speech on standard error, when that is a terminal.

    Args:
        onset: posterior that enters speech, marked on the bar.
    """

    def __init__(self, onset: float) -> None:
        self._shows = sys.stderr.isatty()
        self._onset = onset
        self._level_db = _FLOOR_DB
        self._posterior = 0.0
        self._drawn = 0.0
        self._visible = False
        if self._shows:
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)

    def hear(self, samples: NDArray[np.float32], posteriors: NDArray[np.float32], sample_rate: int) -> None:
        """Takes what a chunk brought; the level falls slowly, so that peaks are seen."""
        if not self._shows:
            return
        if len(samples):
            peak = float(np.abs(samples).max())
            level = 20 * np.log10(max(peak, 1e-9))
            fallen = self._level_db + _FLOOR_DB / _FALL_S * len(samples) / sample_rate
            self._level_db = min(0.0, max(level, fallen, _FLOOR_DB))
        if len(posteriors):
            self._posterior = float(posteriors[-1])

    def draw(self, now_s: float, speech_since_s: float | None, n_segments: int) -> None:
        """Draws the line anew when it has stood long enough.

        Args:
            now_s: time of the stream.
            speech_since_s: start of the segment at hand; None in silence.
            n_segments: finished so far.
        """
        now = time.monotonic()
        if not self._shows or (self._visible and now - self._drawn < _REDRAW_S):
            return
        from rich.text import Text

        self.clear()
        minutes, seconds = divmod(now_s, 60)
        line = Text(f"{int(minutes):3d}:{seconds:04.1f} ", style="dim")
        line.append_text(self._level()).append_text(self._speech())
        if speech_since_s is None:
            line.append("○ silence        ", style="dim")
        else:
            line.append(f"● speech {max(0.0, now_s - speech_since_s):5.1f} s ", style="bold green")
        line.append(f" {n_segments} segment{'' if n_segments == 1 else 's'}", style="dim")
        # One column stays free: a full line would make some terminals begin the next.
        line.truncate(max(1, self._console.width - 1))
        self._console.print(line, end="", no_wrap=True, soft_wrap=True)
        self._console.file.flush()
        self._drawn, self._visible = now, True

    def clear(self) -> None:
        """Removes the line, so that something else can be written."""
        if self._visible:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._visible = False

    def _level(self) -> Text:
        from rich.text import Text

        filled = round((1 - self._level_db / _FLOOR_DB) * _WIDTH)
        style = "red" if self._level_db > -1 else "yellow" if self._level_db > -6 else "cyan"
        text = Text("level ").append("█" * filled, style=style).append("░" * (_WIDTH - filled), style="dim")
        return text.append(f" {self._level_db:4.0f} dB  ")

    def _speech(self) -> Text:
        from rich.text import Text

        filled, mark = round(self._posterior * _WIDTH), min(_WIDTH - 1, int(self._onset * _WIDTH))
        style = "green" if self._posterior >= self._onset else "white"
        text = Text("speech ")
        for cell in range(_WIDTH):
            char = "█" if cell < filled else "│" if cell == mark else "░"
            text.append(char, style=style if cell < filled else "bold" if cell == mark else "dim")
        return text.append(f" {self._posterior:4.2f}  ")
