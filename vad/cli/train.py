"""`vad train`: from a config to a run directory with a `.tflite` in it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vad.training import EpochRow, StepReport


@click.command()
@click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--run-dir",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="runs/ and the config's name",
    help="Folder of the run.",
)
@click.option("--resume", is_flag=True, help="Go on with the run in the folder, or begin where there is none.")
@click.option("--overwrite", is_flag=True, help="Replace the run in the folder.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the config, such as training.epochs=5; repeatable.",
)
@click.option(
    "-j", "--jobs", type=click.IntRange(min=1), show_default="all cores", help="Processes that make missing shards."
)
def command(
    config_path: Path, run_dir: Path | None, resume: bool, overwrite: bool, overrides: tuple[str, ...], jobs: int | None
) -> None:
    """Train a model from CONFIG and export it.

    Makes the training shards that are missing, trains, and leaves a run directory with the weights, the history, the
    resolved config and a verified model.tflite (none of a bidirectional network). Stop it at any time: the same command
    with --resume goes on and ends with the same weights as if it had never stopped.
    """
    if resume and overwrite:
        raise click.UsageError("--resume goes on with the run that --overwrite throws away; give one of them")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from vad.config import load_config
    from vad.export import export_run
    from vad.training import RunDirectory, check, train
    from vad.training.sources import batches_of, check_schedule

    config = load_config(config_path, overrides)
    folder = Path("runs") / config.name if run_dir is None else run_dir
    # Before hours go into shards for a training that then is refused.
    check(config, folder, resume=resume, overwrite=overwrite)
    check_schedule(config)
    with Display() as display:
        batches = batches_of(config, jobs=jobs, progress=display.mixing)
        train(config, folder, batches, resume=resume, overwrite=overwrite, listener=display)
    summary = json.loads(RunDirectory(folder).summary.read_text(encoding="utf-8"))
    click.echo(f"run      {folder}")
    click.echo(f"dev AUC  {summary['dev']['roc_auc']:.5f} (epoch {summary['best_epoch']} of {summary['epochs']})")
    if config.model.bidirectional:
        click.echo("model    none: a bidirectional network needs the end of a recording; it can teach a causal one")
        return
    report = export_run(folder)
    click.echo(f"model    {report.path} ({report.size:,} bytes)")


class Display:
    """Progress on standard error: bars on a terminal, a line per epoch elsewhere."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=self._console, transient=True, disable=not sys.stderr.isatty())
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def mixing(self, split: str, done: int, total: int) -> None:
        """Shows how many excerpts of a split are made."""
        name = f"mixing {split}"
        if name not in self._tasks and done < total and self._progress.disable:
            self.message(f"mixing {total - done} excerpts of split {split}")
        self._draw(name, done, total, f"{done}/{total} excerpts")

    def message(self, text: str) -> None:
        """Prints a line."""
        self._console.print(text, markup=False)

    def step(self, report: StepReport) -> None:
        """Moves the bar of the epoch."""
        note = f"{report.step}/{report.steps} loss {report.loss:.4f} {report.frames_per_s:,.0f} frames/s"
        self._draw(f"epoch {report.epoch}/{report.epochs}", report.step, report.steps, note)

    def epoch(self, row: EpochRow, *, is_best: bool) -> None:
        """Prints what an epoch came to."""
        mark = " (best so far)" if is_best else ""
        self.message(
            f"epoch {row.epoch}: loss {row.train_loss:.4f}, dev loss {row.dev_loss:.4f}, "
            f"dev ROC-AUC {row.dev_roc_auc:.5f}{mark}, {row.frames_per_s:,.0f} frames/s, {row.seconds:.0f} s"
        )

    def _draw(self, name: str, done: int, total: int, note: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total, note=note)
        self._progress.update(self._tasks[name], completed=done, note=note, visible=done < total)
