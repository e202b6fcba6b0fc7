"""Runs an artifact in LiteRT, TensorFlow Lite's interpreter.

The state of a stream is an argument and a result of every call, never kept here, and every thread gets an
interpreter of its own: any number of streams and threads can share one session.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact
from vad.errors import ModelError, NonFiniteError
from vad.features.streaming import StreamingLogMel
from vad.features.waveform import check_waveform

State = Mapping[str, NDArray[np.float32]]
"""The memory of one stream: float32 arrays by name. Never changed in place."""

_BANNER = b"Created TensorFlow Lite XNNPACK delegate"


class Session:
    """An artifact that is ready to run.

    Args:
        artifact: the model.

    Raises:
        ModelError: when LiteRT cannot load it, or its signatures are not those that the metadata names.
    """

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self._spec = artifact.metadata.features
        self._grid = self._spec.grid
        self._source = artifact.metadata.input
        by_frames = {frames: name for name, frames in artifact.metadata.signatures.items()}
        self._signatures = sorted(by_frames.items(), reverse=True)
        self._threads = threading.local()
        # Built and run here once, so that a model that cannot run says so before any audio is read.
        self.advance(np.zeros(self._grid.samples_for(1), np.float32), self.new_state())

    @property
    def frames_per_call(self) -> int:
        """Frames of the largest call: audio in multiples of it runs fastest."""
        return self._signatures[0][0]

    def new_state(self) -> State:
        """Returns the state before the first frame: zeros."""
        return {name: np.zeros(shape, np.float32) for name, shape in self.artifact.metadata.states.items()}

    def advance(self, samples: NDArray[np.float32], state: State) -> tuple[NDArray[np.float32], State]:
        """Runs over all whole frames of a stretch of audio.

        Args:
            samples: float32 ``(n,)`` at the model's sample rate; what exceeds the whole frames is not looked at.
            state: the state before them.

        Returns:
            One posterior per frame, float32 ``(frames,)``, delayed by the model's look-ahead, and the state after.

        Raises:
            ShapeError: when `samples` is not one-dimensional and floating.
            NonFiniteError: when a sample is not finite, or so large that a posterior is not; `state` stands.
        """
        samples = check_waveform(samples)
        n_frames = self._grid.count(len(samples))
        posteriors = np.empty(n_frames, np.float32)
        # Frames of their own for the stretch: nothing of it is carried over, the state alone is.
        frames_in = StreamingLogMel(self._spec).push(samples) if self._source == "features" else None
        runners = self._runners()
        done = 0
        for frames, name in self._signatures:
            run = runners[name]
            length = self._grid.samples_for(frames)
            while n_frames - done >= frames:
                at = done * self._grid.hop_length
                piece = samples[at : at + length] if frames_in is None else frames_in[done : done + frames]
                results = run(**{self._source: piece[np.newaxis]}, **state)
                posteriors[done : done + frames] = results.pop("posteriors")[0]
                state = results
                done += frames
        if not np.isfinite(posteriors).all():
            peak = float(np.abs(samples).max())
            raise NonFiniteError(f"the model gives no finite posterior: samples reach {peak:g}, full scale is 1")
        return posteriors, state

    def runner(self, name: str) -> Callable[..., dict[str, NDArray[np.float32]]]:
        """Returns a signature of this thread's interpreter, to be called with its inputs by name."""
        return self._runners()[name]

    def _runners(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Returns the signatures of this thread's interpreter, which is built on first use."""
        found: dict[str, Callable[..., dict[str, Any]]] | None = getattr(self._threads, "runners", None)
        if found is None:
            found = self._threads.runners = _load(self.artifact)
        return found


def _load(artifact: Artifact) -> dict[str, Callable[..., dict[str, Any]]]:
    """Builds an interpreter and returns its signatures by name."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        with _without_banner():
            # One thread: the products of one stream are too small to share out, and streams run side by side.
            interpreter = Interpreter(model_content=artifact.flatbuffer, num_threads=1)
            interpreter.allocate_tensors()
            found = interpreter.get_signature_list()
            _check_signatures(artifact, found)
            runners = {name: interpreter.get_signature_runner(name) for name in artifact.metadata.signatures}
            for name, runner in runners.items():
                _check_shapes(artifact, name, runner)
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{artifact.name}: LiteRT cannot run the model: {reason}") from error
    return runners


def _check_signatures(artifact: Artifact, found: Mapping[str, Mapping[str, list[str]]]) -> None:
    states = set(artifact.metadata.states)
    wanted = {"inputs": {artifact.metadata.input, *states}, "outputs": {"posteriors", *states}}
    for name in artifact.metadata.signatures:
        if name not in found:
            raise ModelError(f"{artifact.name}: wanted the signature {name!r}, found {sorted(found)}")
        for side, names in wanted.items():
            if set(found[name][side]) != names:
                raise ModelError(
                    f"{artifact.name}: signature {name!r}: wanted the {side} {sorted(names)}, "
                    f"found {sorted(found[name][side])}"
                )


def _check_shapes(artifact: Artifact, name: str, runner: Any) -> None:
    metadata = artifact.metadata
    frames, spec = metadata.signatures[name], metadata.features
    shapes = {"audio": (1, spec.grid.samples_for(frames)), "features": (1, frames, spec.n_mels)}
    wanted = {metadata.input: shapes[metadata.input], **metadata.states}
    for tensor, details in runner.get_input_details().items():
        found = tuple(int(size) for size in details["shape"])
        if found != wanted[tensor] or details["dtype"] is not np.float32:
            raise ModelError(
                f"{artifact.name}: signature {name!r}: wanted {tensor} as float32 {wanted[tensor]}, "
                f"found {np.dtype(details['dtype']).name} {found}"
            )


@contextmanager
def _without_banner() -> Iterator[None]:
    """Keeps LiteRT's one line about XNNPACK off standard error; everything else written there still arrives.

    LiteRT writes it from C++ with no switch for it, so the file descriptor is turned aside for these milliseconds.
    That would also catch what other threads' children write, so with other threads running the line appears.
    """
    if threading.active_count() > 1:
        yield
        return
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all: nothing to keep clean
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            caught.seek(0)
            kept = b"".join(line for line in caught if _BANNER not in line)
            if kept:
                os.write(2, kept)
