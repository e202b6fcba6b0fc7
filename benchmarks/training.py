"""Frames per second of a training step by width, batch and crop, on random frames.

    python benchmarks/training.py --units 64 --units 80 --output benchmarks/training.md
    python benchmarks/training.py --by-cell --units 80 --output benchmarks/training.md

What is timed is the whole step of `vad train`: forward, backward, clipping, AdamW, average of the weights. Reading
shards and augmenting frames come on top and run on the same cores.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from pathlib import Path

import click

from vad.files import replacing

WARM_STEPS = 2
ROUNDS = 7
BY_CELL = "\n## By cell\n"


@click.command(context_settings={"show_default": True})
@click.option("--units", "widths", multiple=True, type=int, default=(64, 80), help="Widths of the two layers.")
@click.option("--batch", "batches", multiple=True, type=int, default=(32, 64, 128), help="Excerpts in a batch.")
@click.option("--crop-s", "crops", multiple=True, type=float, default=(5.0, 10.0, 20.0), help="Seconds of an excerpt.")
@click.option("--seconds", default=4.0, help="Time spent on each combination.")
@click.option(
    "--by-cell", is_flag=True, help="Measure the kinds of cell in turns instead, and write their table alone."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(widths, batches, crops, seconds, by_cell, output):
    """Measures and writes a table."""
    if by_cell:
        write(output, compare_cells(widths[0], batches[0], crops[0], seconds), begin=BY_CELL)
        return
    lines = [header(), "", "| units | batch | " + " | ".join(f"{crop:g} s" for crop in crops) + " |"]
    lines.append("|---|---|" + "---|" * len(crops))
    for units in widths:
        for batch in batches:
            speeds = [measure(units, batch, crop, seconds) for crop in crops]
            lines.append(f"| 2×{units} | {batch} | " + " | ".join(f"{speed:,.0f}" for speed in speeds) + " |")
            click.echo(lines[-1], err=True)
    write(output, "\n".join(lines) + "\n")


def write(output: Path | None, text: str, *, begin: str = "") -> None:
    """Puts a table where the last one was: from `begin` to the next heading; what people wrote elsewhere stays."""
    if output is None:
        click.echo(begin.lstrip() + text, nl=False)
        return
    written = output.read_text(encoding="utf-8") if output.exists() else ""
    before, found, after = written.partition(begin) if begin else ("", "", written)
    if begin and not found:
        # Before what people say of the figures.
        before, heading, after = written.partition("\n## What")
        after = heading + after
    else:
        _, heading, after = after.partition("\n## ")
        after = heading + after
    with replacing(output) as temporary:
        temporary.write_text(before + begin + text + after, encoding="utf-8")


def compare_cells(units: int, batch: int, crop_s: float, seconds: float) -> str:
    """Returns a table of the kinds of cell: frames per second, and their share of the speed of lstm.

    Cells are measured in turns, and each is held against the lstm of its own round: what else ran on the machine is
    not seen in the shares.
    """
    from vad.models.cells import CELLS

    steps = {cell: Step(cell, units, batch, crop_s) for cell in CELLS}
    best = dict.fromkeys(CELLS, 0.0)
    shares: dict[str, list[float]] = {cell: [] for cell in CELLS}
    for _ in range(ROUNDS):
        found = {cell: step.speed(seconds) for cell, step in steps.items()}
        for cell, speed in found.items():
            best[cell] = max(best[cell], speed)
            shares[cell].append(speed / found["lstm"])
    lines = [
        f"2×{units}, batch {batch}, {crop_s:g} s, {ROUNDS} rounds in turns, on {device()}: the best of all steps, and",
        "the share of the lstm of the same round (the middle one). `lstm` and `gru` are Keras' own layers.",
        f"Made by `python benchmarks/training.py --by-cell --units {units} --output benchmarks/training.md`.",
        "",
        "| cell | parameters | frames/s | of lstm |",
        "|---|---|---|---|",
    ]
    for cell, step in steps.items():
        share = statistics.median(shares[cell])
        lines.append(f"| {cell} | {step.parameters:,} | {best[cell]:,.0f} | {share:.2f} |")
    return "\n" + "\n".join(lines) + "\n"


class Step:
    """A whole training step on random frames.

    Args:
        cell: kind of the layers.
        units: width of the two layers.
        batch: excerpts.
        crop_s: seconds of each.
    """

    def __init__(self, cell: str, units: int, batch: int, crop_s: float) -> None:
        import numpy as np
        import tensorflow as tf

        from vad.config import Config
        from vad.training.learner import Learner, choose_strategy

        config = Config(
            name="benchmark", data={}, model={"cell": cell, "units": units}, training={"mixed_precision": "off"}
        )
        frames = config.features.grid.count(int(crop_s * config.features.sample_rate))
        self._learner = Learner(config, total_steps=100_000, strategy=choose_strategy(config.training))
        self.parameters = self._learner.model.count_params()
        rng = np.random.default_rng(0)
        features = tf.constant(rng.normal(size=(batch, frames, config.features.n_mels)).astype("float32"))
        labels = tf.cast(features[..., 0] > 0, tf.float32)
        self._data = (features, labels, tf.ones_like(labels))
        self._frames = batch * frames
        self._warm = 0

    def speed(self, seconds: float) -> float:
        """Returns frames per second of steps that take so long together."""
        durations: list[float] = []
        begun = time.perf_counter()
        while len(durations) < 2 or time.perf_counter() - begun < seconds:
            started = time.perf_counter()
            float(self._learner.step(self._data)[0])
            if self._warm < WARM_STEPS:
                self._warm += 1
                begun = time.perf_counter()
            else:
                durations.append(time.perf_counter() - started)
        # The best step, not the mean: what else ran on the machine is no property of the training.
        return self._frames / min(durations)


def measure(units: int, batch: int, crop_s: float, seconds: float) -> float:
    """Returns frames per second of training steps."""
    return Step("lstm", units, batch, crop_s).speed(seconds)


def device() -> str:
    """Returns the name of the GPU, or of the processor without one."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0])["device_name"])
    return f"{os.cpu_count()} CPU cores ({platform.machine()})"


def header() -> str:
    """Returns what was measured where."""
    import keras
    import tensorflow as tf

    return (
        "# Training speed\n\n"
        f"Frames of 10 ms in a second of training steps (the best step counts), on {device()}, "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, float32; columns: crop.\n"
        "Made by `python benchmarks/training.py --output benchmarks/training.md`."
    )


if __name__ == "__main__":
    main()
