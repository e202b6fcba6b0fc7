"""The time of one call of a model."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vad.artifact import Artifact
from vad.benchmark.summary import Spread
from vad.runtime import Session

_ROUND_S = 0.05


@dataclass(frozen=True, slots=True)
class StepTime:
    """A signature's time.

    Args:
        signature: its name.
        frames: that one call advances.
        call_us: one call through Python, state in and state out.
        litert_us: one call inside LiteRT alone; None but for the model's first graph, for LiteRT gives no other way in.
    """

    signature: str
    frames: int
    call_us: Spread
    litert_us: Spread | None


def time_steps(artifact: Artifact, repeats: int) -> list[StepTime]:
    """Takes the time of every signature, from the fewest frames to the most, on noise.

    Args:
        artifact: the model.
        repeats: rounds of some milliseconds each.
    """
    session = Session(artifact)
    grid = artifact.metadata.features.grid
    primary, invoke = _primary(artifact)
    noise = np.random.default_rng(0).normal(0, 0.1, grid.samples_for(max(artifact.metadata.signatures.values())))
    rows = []
    for name, frames in sorted(artifact.metadata.signatures.items(), key=lambda item: item[1]):
        audio = noise[: grid.samples_for(frames)].astype(np.float32)
        state = session.new_state()
        call = _time(functools.partial(session.advance, audio, state), repeats)
        inside = _time(invoke, repeats) if frames == primary else None
        rows.append(StepTime(name, frames, call, inside))
    return rows


def _time(call: Callable[[], Any], repeats: int) -> Spread:
    """Returns the time of a call in microseconds, over rounds of as many calls as fill their time."""
    n_calls, taken = 1, 0.0
    while taken < _ROUND_S:
        n_calls *= 2
        begun = time.perf_counter()
        for _ in range(n_calls):
            call()
        taken = time.perf_counter() - begun
    rounds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        for _ in range(n_calls):
            call()
        rounds.append((time.perf_counter() - begun) / n_calls)
    return Spread.of(rounds).scaled(1e6)


def _primary(artifact: Artifact) -> tuple[int, Callable[[], Any]]:
    """Returns how many frames the model's first graph advances, and what runs it on noise."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=artifact.flatbuffer, num_threads=1)
    interpreter.allocate_tensors()
    rng = np.random.default_rng(0)
    shapes = []
    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], rng.normal(0, 0.1, details["shape"]).astype(np.float32))
        shapes.append(tuple(int(size) for size in details["shape"]))
    # Features are the only input of three axes, audio is the longest.
    frames = [shape[1] for shape in shapes if len(shape) == 3]
    longest = max(shape[-1] for shape in shapes)
    return frames[0] if frames else artifact.metadata.features.grid.count(longest), interpreter.invoke
