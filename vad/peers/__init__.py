"""Other detectors behind one interface, so that all of them are scored on the same cells in the same run.

`energy` needs nothing, `webrtc` and `silero` need the ``[peers]`` extra; silero-vad itself is installed with
``pip install --no-deps silero-vad``, for its requirements bring torch, which the ONNX model does not need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from vad.errors import ConfigError, did_you_mean
from vad.peers.energy import EnergyEngine
from vad.peers.engine import SAMPLE_RATE, Engine, EngineOutput, EngineStream
from vad.peers.silero import SileroEngine, SileroRule
from vad.peers.webrtc import WebRtcEngine

__all__ = [
    "PEERS",
    "SAMPLE_RATE",
    "EnergyEngine",
    "Engine",
    "EngineOutput",
    "EngineStream",
    "SileroEngine",
    "SileroRule",
    "WebRtcEngine",
    "load_peer",
]

PEERS: Final[Mapping[str, Callable[[], Engine]]] = MappingProxyType(
    {"webrtc": WebRtcEngine, "silero": SileroEngine, "energy": EnergyEngine}
)
"""Name to engine with its defaults."""


def load_peer(name: str) -> Engine:
    """Returns the engine of that name, ready to score.

    Raises:
        ConfigError: there is no such engine.
        MissingDependencyError: what it needs is not installed; the message has the install line.
    """
    if name not in PEERS:
        raise ConfigError(f"no engine is called {name!r}{did_you_mean(name, PEERS)}; there are {', '.join(PEERS)}")
    return PEERS[name]()
