"""Trains a config on other inputs than log-mel frames, to be compared by `experiments.py`.

    VAD_DATA_HOME=… python benchmarks/inputs.py configs/experiments/pcen.yaml pcen RUN_DIR

What is made of the frames of the package's front-end, window by window and causally, with a state that goes on as the
network's own does: `pcen` is librosa's per-channel energy normalisation (Wang et al., 2017, arXiv:1607.05666),
`pcen-floor` the same over the floor of the front-end's logarithm, `pcen-beside-log` both together, `stack-k` the last k
frames side by side, `log-mel` the frames as they are, for networks that cannot be exported. What came of it in the
package is `model.compression`, with another formula for the last step; the rest stayed here. Posteriors come from
Keras, whole recordings at once.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import dataclasses
import sys
from pathlib import Path
from typing import Any, Protocol

import librosa
import numpy as np
from numpy.typing import NDArray

from vad.cli.train import Display
from vad.config import Config, load_config
from vad.decision import decide
from vad.errors import ConfigError
from vad.features.offline import log_mel
from vad.features.spec import FeatureSpec
from vad.peers import EngineOutput

Frames = NDArray[np.float32]
# Frames of a random epoch that mean and deviation are taken of.
STATISTICS_BATCHES = 20


class Input(Protocol):
    """What is made of log-mel frames, window by window."""

    width: int

    def initial(self, rows: int) -> Frames:
        """Returns the state before the first frame, float32 ``(rows, …)``."""

    def run(self, frames: Frames, state: Frames) -> tuple[Frames, Frames]:
        """Returns inputs float32 ``(rows, time, width)`` of frames ``(rows, time, n_mels)``, and the state after."""


class Pcen:
    """librosa's `pcen` with its defaults, its smoother carried from window to window.

    Args:
        spec: the front-end.
        keeps_floor: leave the floor of the front-end's logarithm in the power, so that what lies below stays silence.
    """

    def __init__(self, spec: FeatureSpec, *, keeps_floor: bool = False) -> None:
        self._spec, self.width = spec, spec.n_mels
        self._floor = 0.0 if keeps_floor else spec.log_floor

    def initial(self, rows: int) -> Frames:
        """As `Input` has it."""
        return np.zeros((rows, 1, self.width), np.float32)

    def run(self, frames: Frames, state: Frames) -> tuple[Frames, Frames]:
        """As `Input` has it."""
        # The scale that librosa asks for: power as of 32-bit integers, so that eps is silence.
        power = np.maximum(np.exp(frames) - self._floor, 0.0) * 2.0**31
        rate = {"sr": self._spec.sample_rate, "hop_length": self._spec.hop_length}
        found, after = librosa.pcen(power, **rate, axis=1, zi=state, return_zf=True)
        return found.astype(np.float32), after.astype(np.float32)


class BesideLog:
    """Log-mel frames with another input of them beside."""

    def __init__(self, spec: FeatureSpec, other: Input) -> None:
        self._other, self.width = other, spec.n_mels + other.width

    def initial(self, rows: int) -> Frames:
        """As `Input` has it."""
        return self._other.initial(rows)

    def run(self, frames: Frames, state: Frames) -> tuple[Frames, Frames]:
        """As `Input` has it."""
        found, after = self._other.run(frames, state)
        return np.concatenate([frames, found], axis=2), after


class Stack:
    """The last `count` frames side by side, the oldest first; before the first frame there was silence."""

    def __init__(self, spec: FeatureSpec, count: int) -> None:
        self._spec, self._count, self.width = spec, count, spec.n_mels * count

    def initial(self, rows: int) -> Frames:
        """As `Input` has it."""
        return np.full((rows, self._count - 1, self._spec.n_mels), np.log(self._spec.log_floor), np.float32)

    def run(self, frames: Frames, state: Frames) -> tuple[Frames, Frames]:
        """As `Input` has it."""
        longer = np.concatenate([state, frames], axis=1)
        length = frames.shape[1]
        parts = [longer[:, k : k + length] for k in range(self._count)]
        return np.concatenate(parts, axis=2), longer[:, longer.shape[1] - self._count + 1 :]


def input_of(kind: str, spec: FeatureSpec) -> Input:
    """Returns the input of a name.

    Raises:
        ConfigError: there is none.
    """
    name, _, count = kind.partition("-")
    named: dict[str, Input] = {
        "log-mel": Stack(spec, 1),
        "pcen": Pcen(spec),
        "pcen-floor": Pcen(spec, keeps_floor=True),
        "pcen-beside-log": BesideLog(spec, Pcen(spec, keeps_floor=True)),
    }
    if kind in named:
        return named[kind]
    if name == "stack" and count.isdigit() and int(count) > 0:
        return Stack(spec, int(count))
    raise ConfigError(f"an input is {', '.join(named)} or stack-2, stack-3, …; received {kind!r}")


def changed(dataset: Any, made: Input, *, carries: bool) -> Any:
    """Returns a dataset of batches with inputs instead of frames, the state carried where they have resets."""
    import tensorflow as tf

    def run(frames: Frames, state: Frames, resets: Any) -> tuple[Frames, Frames]:
        rows = np.asarray(resets).astype(bool)
        fresh = made.initial(len(frames))
        return made.run(frames, np.where(rows.reshape(-1, *[1] * (state.ndim - 1)), fresh, state))

    def alone(frames: Any, *rest: Any) -> tuple[Any, ...]:
        def call(values: Frames) -> Frames:
            return made.run(values, made.initial(len(values)))[0]

        return (shaped(tf.numpy_function(call, [frames], tf.float32), frames), *rest)

    def onwards(state: Any, batch: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        found, after = tf.numpy_function(run, [batch[0], state, batch[3]], (tf.float32, tf.float32))
        return tf.ensure_shape(after, state.shape), (shaped(found, batch[0]), *batch[1:])

    def shaped(found: Any, frames: Any) -> Any:
        return tf.ensure_shape(found, [*frames.shape[:2], made.width])

    if not carries:
        return dataset.map(alone)
    rows = dataset.element_spec[0].shape[0]
    return dataset.scan(tf.constant(made.initial(rows)), onwards)


def train_on(config: Config, kind: str, run_dir: Path) -> None:
    """Trains a config on an input, or goes on with it; the width of the input stands as bands in the run's config."""
    from vad.training import Batches, train
    from vad.training.sources import batches_of

    made = input_of(kind, config.features)
    wide = config.model_copy(update={"features": dataclasses.replace(config.features, n_mels=made.width)})
    carries = config.training.carry_state
    with Display() as display:
        data = batches_of(config, progress=display.mixing)

        def statistics() -> tuple[Frames, Frames]:
            seen = changed(data.epoch(0), made, carries=carries).take(STATISTICS_BATCHES)
            values = np.concatenate([batch[0].numpy().reshape(-1, made.width) for batch in seen])
            return values.mean(axis=0), values.std(axis=0)

        inputs = Batches(
            epoch=lambda number: changed(data.epoch(number), made, carries=carries),
            steps=data.steps,
            dev=lambda: changed(data.dev(), made, carries=False),
            statistics=statistics,
            facts=data.facts,
        )
        train(wide, run_dir, inputs, resume=True, listener=display)


class KerasEngine:
    """A run that has no `.tflite` as an engine.

    Args:
        run: the run directory.
        spec: the front-end.
        kind: what is made of its frames.
    """

    name = "vad"
    is_probability = True

    def __init__(self, run: Path, spec: FeatureSpec, kind: str) -> None:
        import tensorflow as tf

        from vad.training import load_run

        model, self.config = load_run(run)
        self.spec, self.made = spec, input_of(kind, spec)
        self.threshold = self.config.decision.onset_threshold
        self.description = f"{run.name}: Keras, {kind}"
        signature = [tf.TensorSpec((1, None, self.made.width), tf.float32)]
        self.posteriors = tf.function(lambda x: tf.sigmoid(model(x, training=False)), input_signature=signature)

    def start(self) -> KerasStream:
        """Starts a recording."""
        return KerasStream(self)


class KerasStream:
    """A recording, collected and judged at its end."""

    def __init__(self, engine: KerasEngine) -> None:
        self._engine = engine
        self._chunks: list[Frames] = []

    def push(self, chunk: Frames) -> None:
        """Takes the next samples."""
        self._chunks.append(chunk)

    def finish(self) -> EngineOutput:
        """Judges the recording; silence behind it gives the look-ahead of its last frames, as in a stream."""
        engine, grid = self._engine, self._engine.spec.grid
        samples = np.concatenate(self._chunks)
        ahead = engine.config.model.lookahead_frames
        frames = log_mel(np.concatenate([samples, np.zeros(ahead * grid.hop_length, np.float32)]), engine.spec)
        inputs, _ = engine.made.run(frames[np.newaxis], engine.made.initial(1))
        values = engine.posteriors(inputs).numpy()[0, ahead:]
        speech = decide(values, engine.config.decision, grid, samples.size)
        return EngineOutput(grid.times(len(values)), values, speech)


if __name__ == "__main__":
    train_on(load_config(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
