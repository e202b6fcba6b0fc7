"""`vad export`: from a run directory, or a model, to a verified `.tflite`."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.artifact import DFTS, INPUTS, QUANTIZATIONS
from vad.errors import cannot_write
from vad.files import writing

if TYPE_CHECKING:
    from vad.export import ExportReport


@click.command()
@click.argument("source", metavar="[RUN_DIR|MODEL]", type=click.Path(path_type=Path), required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="model.tflite in the run directory; variants have their name in it",
    help="File to write.",
)
@click.option(
    "--quantize",
    type=click.Choice(QUANTIZATIONS),
    show_default="as the run's config has it: none",
    help="How the weights are stored: float32 (none), float16, int8 with ranges found as it runs (dynamic), or int8 "
    "with inputs of int8 or int16 and ranges calibrated on real speech.",
)
@click.option(
    "--input",
    type=click.Choice(INPUTS),
    show_default="as the run's config has it: audio",
    help="What a call takes: samples, or the log-mel frames of a front-end that the caller has.",
)
@click.option(
    "--dft",
    type=click.Choice(DFTS),
    show_default="as the run's config has it: matmul",
    help="How the front-end transforms: LiteRT's own operation, or products that every runtime has.",
)
@click.option(
    "--frames-per-call",
    type=click.IntRange(1, 256),
    multiple=True,
    metavar="N",
    show_default="as the run's config has it: 1 and 32; with --quantize 1",
    help="Frames that a call advances: a signature for each N, besides the one of 1; repeatable.",
)
@click.option(
    "--manifest",
    "manifests",
    type=click.Path(path_type=Path),
    multiple=True,
    show_default="those of the run, else of the data home, else the small corpus of the repository",
    help="Recordings to calibrate on (split train) and to verify on (split dev); repeatable.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the run's config: decision.… (thresholds and durations stored in the file) or export.…; repeatable.",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write DIR with the model and ready code for Android, iOS, C and the web. A MODEL of "
    "which nothing else is asked goes there as it is.",
)
def command(
    source: Path | None, output: Path | None, overrides: tuple[str, ...], bundle: Path | None, **options: Any
) -> None:
    """Turn a trained run into one .tflite file for `vad detect`, phones and browsers.

    The file carries its own metadata. Before it gets its name it is run in LiteRT against Keras on held-out speech:
    when posteriors, decisions or the area under the ROC curve differ by more than the variant may, no file is left
    behind. Given a float32 MODEL instead of a run, its variants are made from the weights in it. Without either, it is
    the packaged model.
    """
    asked = output is not None or any([overrides, *options.values()])
    if source is None and not asked and bundle is None:
        raise click.UsageError("Missing argument 'RUN_DIR|MODEL', or something to be made of the packaged model.")
    if bundle is not None and options["input"] == "features":
        raise click.UsageError("--bundle is code that gives a model audio; leave out --input features")
    if source is None:
        source = Path(str(resources.files("vad") / "weights" / "vad.tflite"))
    if bundle is not None and not asked and source.is_file():
        click.echo(_bundle_text(source, bundle))
        return
    # Before TensorFlow loads: its GPU kernels must not get into the file, and its start-up notes not on the screen.
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from vad.export import Choices, export

    if not options["frames_per_call"]:
        options["frames_per_call"] = None
    choices = Choices(**options)
    try:
        report = export(source, output, overrides=overrides, choices=choices)
    except OSError as error:
        raise cannot_write(error.filename if output is None else output, error) from error
    bundled = None if bundle is None else _bundle_text(report.path, bundle)
    click.echo(report_text(report))
    if bundled is not None:
        click.echo(f"  bundle        {bundled}")


def _bundle_text(model: Path, folder: Path) -> str:
    """Writes a bundle, and returns what it is."""
    from vad.bundle import write_bundle

    with writing(folder):
        written = write_bundle(model, folder)
    return f"{written.folder}: {written.n_files} files, {written.size:,} bytes; begin with README.md there"


def report_text(report: ExportReport) -> str:
    """Returns what an export made, in a few lines."""
    proof, metadata = report.verification, report.metadata
    ops = ", ".join(f"{name} {count}" for name, count in report.ops.items())
    area = "not known: the audio has speech alone"
    if proof.auc is not None:
        area = f"{proof.auc:.5f}, change {proof.auc_change:+.5f}"
    lines = [
        f"{report.path}",
        f"  size          {report.size:,} bytes",
        f"  variant       quantization {metadata.quantization}, input {metadata.input}, dft {metadata.dft}",
        f"  signatures    {', '.join(report.signatures)}",
        f"  operations    {ops} (all built in)",
    ]
    if report.calibration is not None:
        lines.append(f"  calibrated    on {report.calibration}")
    return "\n".join(
        [
            *lines,
            f"  against Keras largest posterior difference {proof.max_difference:.1e} over {proof.duration_s:.1f} s: "
            f"{proof.origin}",
            f"  decisions     {proof.changed_share:.3%} of the frames changed",
            f"  ROC-AUC       {area}",
            "  streaming     equals the whole, bit by bit",
        ]
    )
