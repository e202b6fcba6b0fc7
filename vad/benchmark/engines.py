"""The command of each detector that finds the speech of one recording and ends."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vad.errors import ConfigError, did_you_mean

PEERS: Final = ("silero", "webrtc")
"""Detectors that can be measured beside this package's."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A detector as a command.

    Args:
        name: of the detector.
        command: to which the recording's path is added.
    """

    name: str
    command: tuple[str, ...]

    def on(self, recording: Path) -> tuple[str, ...]:
        """Returns the command for a recording."""
        return (*self.command, str(recording))


def vad_engine(model: Path | None = None) -> Engine:
    """Returns ``vad detect``, with the model of the package where none is named."""
    chosen = () if model is None else ("--model", str(model))
    return Engine("vad", (sys.executable, "-m", "vad", "detect", *chosen))


def peer_engine(name: str) -> Engine:
    """Returns another detector, as `vad.benchmark.loops` runs it.

    Raises:
        ConfigError: when there is none of that name.
    """
    if name not in PEERS:
        raise ConfigError(f"no detector is called {name!r}{did_you_mean(name, PEERS)}; there are {', '.join(PEERS)}")
    return Engine(name, (sys.executable, "-m", "vad.benchmark.loops", name))
