"""Training on cuDNN kernels against the generic ones, and how far both are from the CPU, on a GPU.

    python benchmarks/gpu.py --output benchmarks/gpu.md
    KERAS_BACKEND=torch python benchmarks/gpu.py --output benchmarks/gpu.md

Runs under any backend of Keras: the sequence model names none. What is timed is a whole step of Keras' own loop
(forward, backward, AdamW) on random frames. TensorFloat-32 is off, or the GPU would round to ten bits what the CPU does
not.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np

from vad.config.model import ModelConfig
from vad.files import replacing
from vad.models import build_model
from vad.models.cells import CELLS, is_keras_own

N_MELS = 40
WARM_STEPS = 3
LIMIT = 1e-4
HEAD = ("cell", "layers", "batch", "cuDNN frames/s", "generic frames/s", "ratio", "logits", "gradients")


@dataclass(frozen=True)
class Workload:
    """What a step trains on.

    Args:
        batch: excerpts.
        frames: frames of each.
    """

    batch: int
    frames: int

    def draw(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns features ``(batch, frames, mels)`` and labels ``(batch, frames)``, always the same."""
        rng = np.random.default_rng(0)
        features = rng.normal(size=(self.batch, self.frames, N_MELS)).astype(np.float32)
        return features, (features[..., 0] > 0).astype(np.float32)


@click.command(context_settings={"show_default": True})
@click.option("--cell", "cells", multiple=True, type=click.Choice(list(CELLS)), default=("lstm", "gru", "peephole"))
@click.option("--units", "widths", multiple=True, type=int, default=(64, 256), help="Widths of the two layers.")
@click.option("--batch", "batches", multiple=True, type=int, default=(64, 256), help="Excerpts in a batch.")
@click.option("--frames", default=1000, help="Frames of an excerpt.")
@click.option("--seconds", default=4.0, help="Time spent on each figure.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(cells, widths, batches, frames, seconds, output):
    """Measures on the GPU that the backend sees; without one there is nothing to measure."""
    name = gpu_name()
    if name is None:
        raise click.ClickException(f"the backend {keras.backend.backend()} sees no GPU; nothing was measured")
    exact_products()
    lines = [header(name, frames), "", "| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    for cell in cells:
        for units in widths:
            config = ModelConfig(cell=cell, units=units)
            logits, gradients = agreement(config, Workload(8, 200))
            for batch in batches:
                lines.append(row(config, Workload(batch, frames), seconds, (logits, gradients)))
                click.echo(lines[-1], err=True)
    text = "\n".join(lines) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def row(config: ModelConfig, work: Workload, seconds: float, differences: Sequence[float]) -> str:
    """Returns a line of the table; a cell that cuDNN does not know has no figure for it."""
    generic = measure(config, work, seconds, use_cudnn=False)
    fast = measure(config, work, seconds, use_cudnn=True) if is_keras_own(config) else None
    shown = (
        ("-", f"{generic:,.0f}", "-") if fast is None else (f"{fast:,.0f}", f"{generic:,.0f}", f"{fast / generic:.1f}")
    )
    far = [f"{value:.1e}" + ("" if value <= LIMIT else f" (above {LIMIT:g})") for value in differences]
    return f"| {config.cell} | {config.layers}×{config.units} | {work.batch} | " + " | ".join([*shown, *far]) + " |"


def measure(config: ModelConfig, work: Workload, seconds: float, *, use_cudnn: bool) -> float:
    """Returns frames per second of training steps; the best step counts, as in benchmarks/training.py.

    Args:
        config: the network.
        work: of a step.
        seconds: to spend, at least two steps.
        use_cudnn: ``True`` fails where cuDNN cannot run it, so that no figure stands for another kernel.
    """
    model = trainer(config, use_cudnn=use_cudnn, optimizer=keras.optimizers.AdamW(1e-3))
    features, labels = (keras.ops.convert_to_tensor(array) for array in work.draw())
    durations: list[float] = []
    begun = time.perf_counter()
    while len(durations) < 2 + WARM_STEPS or time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        # Reads the loss, and so waits for the device.
        float(model.train_on_batch(features, labels))
        durations.append(time.perf_counter() - started)
    return work.batch * work.frames / min(durations[WARM_STEPS:])


def agreement(config: ModelConfig, work: Workload) -> tuple[float, float]:
    """Returns the largest differences of logits and of gradients between the default device and the CPU.

    The gradients are what one step of plain descent by 1 changes, from the same weights.

    Args:
        config: the network.
        work: what to compare on.
    """
    features, labels = work.draw()
    keras.utils.set_random_seed(0)
    first = [weight * 1.0 for weight in build_model(config, N_MELS, use_cudnn=False).get_weights()]

    def run(use_cudnn: bool | str) -> tuple[np.ndarray, list[np.ndarray]]:
        model = trainer(config, use_cudnn=use_cudnn, optimizer=keras.optimizers.SGD(1.0))
        model.set_weights(first)
        logits = keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(features), training=False))
        model.train_on_batch(features, labels)
        return logits, model.get_weights()

    logits, weights = run("auto")
    with keras.device("cpu:0"):
        wanted, wanted_weights = run(False)
    far = max(float(np.abs(a - b).max()) for a, b in zip(weights, wanted_weights, strict=True))
    return float(np.abs(logits - wanted).max()), far


def trainer(config: ModelConfig, *, use_cudnn: bool | str, optimizer: keras.Optimizer) -> keras.Model:
    """Returns a sequence model that is ready to train."""
    model = build_model(config, N_MELS, use_cudnn=use_cudnn)
    # XLA compiles the loop and leaves cuDNN out; JAX alone has nothing else.
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=keras.backend.backend() == "jax",
    )
    return model


def gpu_name() -> str | None:
    """Returns the name of the first GPU that the backend sees."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    if backend == "jax":
        import jax

        return str(jax.devices()[0].device_kind) if jax.default_backend() == "gpu" else None
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(gpus[0])["device_name"]) if gpus else None


def exact_products() -> None:
    """Turns TensorFloat-32 off."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    elif backend == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")
    else:
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(False)


def header(name: str, frames: int) -> str:
    """Returns what was measured where."""
    backend: Any = __import__({"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}[keras.backend.backend()])
    return (
        "# Training on a GPU\n\n"
        f"Frames of 10 ms in a second of training steps (the best step counts), {frames} to an excerpt, on {name}, "
        f"{backend.__name__} {backend.__version__}, Keras {keras.__version__}, float32 without TensorFloat-32.\n"
        "Last columns: the largest difference between that device and the CPU, of logits and of gradients; "
        f"{LIMIT:g} is allowed.\n"
        "Made by `python benchmarks/gpu.py --output benchmarks/gpu.md`."
    )


if __name__ == "__main__":
    main()
