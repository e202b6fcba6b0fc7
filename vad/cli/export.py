"""`vad export`: from a run directory to a verified `.tflite`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vad.export import ExportReport


@click.command()
@click.argument("run_dir", metavar="RUN_DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="model.tflite in the run directory",
    help="File to write.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the run's config: decision.… (thresholds and durations stored in the file) or export.…; repeatable.",
)
def command(run_dir: Path, output: Path | None, overrides: tuple[str, ...]) -> None:
    """Turn a trained run into one .tflite file for `vad detect`, phones and browsers.

    The file takes raw audio and carries its own metadata. Before it gets its name it is run in LiteRT against Keras
    on held-out speech; when a posterior differs by more than export.max_difference, no file is left behind.
    """
    # Before TensorFlow loads: its GPU kernels must not get into the file, and its start-up notes not on the screen.
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from vad.export import export_run

    try:
        report = export_run(run_dir, output, overrides=overrides)
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from error
    click.echo(report_text(report))


def report_text(report: ExportReport) -> str:
    """Returns what an export made, in a few lines."""
    proof = report.verification
    ops = ", ".join(f"{name} {count}" for name, count in report.ops.items())
    return "\n".join(
        [
            f"{report.path}",
            f"  size          {report.size:,} bytes",
            f"  signatures    {', '.join(report.signatures)}",
            f"  operations    {ops} (all built in)",
            f"  against Keras largest posterior difference {proof.max_difference:.1e} over {proof.duration_s:.1f} s: "
            f"{proof.origin}",
            "  streaming     equals the whole, bit by bit",
        ]
    )
