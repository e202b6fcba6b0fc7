"""Frames per second of a training step by width, batch and crop, on random frames.

    python benchmarks/training.py --units 64 --units 80 --output benchmarks/training.md

What is timed is the whole step of `vad train`: forward, backward, clipping, AdamW, average of the weights. Reading
shards and augmenting frames come on top and run on the same cores.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import click

from vad.files import replacing

WARM_STEPS = 2


@click.command(context_settings={"show_default": True})
@click.option("--units", "widths", multiple=True, type=int, default=(64, 80), help="Widths of the two layers.")
@click.option("--batch", "batches", multiple=True, type=int, default=(32, 64, 128), help="Excerpts in a batch.")
@click.option("--crop-s", "crops", multiple=True, type=float, default=(5.0, 10.0, 20.0), help="Seconds of an excerpt.")
@click.option("--seconds", default=4.0, help="Time spent on each combination.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(widths, batches, crops, seconds, output):
    """Measures and writes a table."""
    lines = [header(), "", "| units | batch | " + " | ".join(f"{crop:g} s" for crop in crops) + " |"]
    lines.append("|---|---|" + "---|" * len(crops))
    for units in widths:
        for batch in batches:
            speeds = [measure(units, batch, crop, seconds) for crop in crops]
            lines.append(f"| 2×{units} | {batch} | " + " | ".join(f"{speed:,.0f}" for speed in speeds) + " |")
            click.echo(lines[-1], err=True)
    text = "\n".join(lines) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    # Only the table is made anew; what people wrote below it stays.
    written = output.read_text(encoding="utf-8") if output.exists() else ""
    _, _, notes = written.partition("\n## ")
    with replacing(output) as temporary:
        temporary.write_text(text + (f"\n## {notes}" if notes else ""), encoding="utf-8")


def measure(units: int, batch: int, crop_s: float, seconds: float) -> float:
    """Returns frames per second of training steps."""
    import numpy as np
    import tensorflow as tf

    from vad.config import Config
    from vad.training.learner import Learner, choose_strategy

    config = Config(name="benchmark", data={}, model={"units": units}, training={"mixed_precision": "off"})
    frames = config.features.grid.count(int(crop_s * config.features.sample_rate))
    learner = Learner(config, total_steps=100_000, strategy=choose_strategy(config.training))
    rng = np.random.default_rng(0)
    features = tf.constant(rng.normal(size=(batch, frames, config.features.n_mels)).astype("float32"))
    labels = tf.cast(features[..., 0] > 0, tf.float32)
    data = (features, labels, tf.ones_like(labels))
    durations = []
    begun = time.perf_counter()
    while len(durations) < 2 + WARM_STEPS or time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        float(learner.step(data)[0])
        durations.append(time.perf_counter() - started)
    # The best step, not the mean: what else ran on the machine is no property of the training.
    return batch * frames / min(durations[WARM_STEPS:])


def header() -> str:
    """Returns what was measured where."""
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    device = f"{os.cpu_count()} CPU cores ({platform.machine()})"
    if gpus:
        device = str(tf.config.experimental.get_device_details(gpus[0])["device_name"])
    return (
        "# Training speed\n\n"
        f"Frames of 10 ms in a second of training steps (the best step counts), on {device}, "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, float32; columns: crop.\n"
        "Made by `python benchmarks/training.py --output benchmarks/training.md`."
    )


if __name__ == "__main__":
    main()
