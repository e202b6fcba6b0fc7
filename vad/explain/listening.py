"""What a part of a recording brings to the network, and what the network remembers of all before it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vad.audio import iter_chunks
from vad.detector import Detector
from vad.explain.forward import States
from vad.features.streaming import StreamingLogMel
from vad.pictures import Source
from vad.runtime import Session

__all__ = ["listen"]


def listen(source: Source, detector: Detector, first: int, n_steps: int) -> tuple[NDArray[np.float32], States]:
    """Returns the frames from one on, as a stream of the recording gives them, and the states before them.

    Args:
        source: the recording.
        detector: whose model hears what is before.
        first: the first frame.
        n_steps: how many frames; those behind the recording's end are of the silence that a stream ends with.

    Returns:
        Log-mel, float32 ``(n_steps, bands)``, and the states of the model after the frames before.

    Raises:
        AudioError: when the recording cannot be read.
    """
    spec = detector.metadata.features
    grid = spec.grid
    session = Session(detector.artifact)
    state = session.new_state()
    held, done = np.zeros(0, np.float32), 0
    wanted = grid.samples_for(n_steps)
    for chunk in _chunks(source, detector):
        held = np.concatenate([held, chunk])
        ready = min(first - done, grid.count(len(held)))
        if ready:
            _, state = session.advance(held[: grid.samples_for(ready)], state)
            held, done = held[ready * grid.hop_length :], done + ready
        if done == first and len(held) >= wanted:
            break
    # The end of a stream is the silence that brings its last posteriors out.
    held = np.concatenate([held, np.zeros(max(0, wanted - len(held)), np.float32)])
    frames = StreamingLogMel(spec).push(held[:wanted])
    memory = {name: value[0].astype(np.float64) for name, value in state.items()}
    n_layers = sum(name.startswith("h_") for name in memory)
    layers = tuple((memory[f"h_{index}"], memory[f"c_{index}"]) for index in range(n_layers))
    return frames, States(layers, memory.get("m", np.zeros(0)))


def _chunks(source: Source, detector: Detector) -> Iterator[NDArray[np.float32]]:
    return iter_chunks(
        source.path,
        sample_rate=detector.sample_rate,
        channel=source.channel,
        chunk_samples=detector.chunk_samples,
        offset_s=source.offset_s,
        duration_s=source.duration_s,
    )
