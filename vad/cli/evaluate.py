"""``vad evaluate``: score the detector, and others, on labelled recordings."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.choosing import choice_options, chosen, need_labels
from vad.cli.model_option import model_option
from vad.cli.rule_options import rule_from_options, rule_options
from vad.errors import ModelError, VadError
from vad.files import check_writable, replacing, writing

if TYPE_CHECKING:
    from vad.evaluation import Report, Result
    from vad.manifests import Recording
    from vad.peers import Engine

_PEERS = ("webrtc", "silero", "energy")


def _names(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names between commas, each one of a list, in the order given."""
    names = [] if value is None else [name.strip() for name in value.split(",")]
    for name in names:
        if name not in _PEERS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(_PEERS)}.", ctx, param)
    return tuple(dict.fromkeys(names))


@click.command("evaluate")
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@model_option()
@choice_options
@click.option("--by", type=click.Choice(["kind", "source", "language", "split"]), help="A table for each of these.")
@click.option(
    "--against", callback=_names, metavar="NAMES", help=f"Other engines too, between commas: {','.join(_PEERS)}."
)
@click.option("--collar", type=click.FloatRange(0), default=0.0, show_default=True, metavar="SECONDS",
              help="Width of the unscored zone around a boundary, half before and half after it.")  # fmt: skip
@click.option("--bootstrap", type=click.IntRange(0), default=200, show_default=True, metavar="N",
              help="Resamples of the recordings for 95 % intervals; 0 for none.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of stdout.")
@click.option("--report", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Also write index.html there: curves, calibration, delays, the worst recordings.")  # fmt: skip
@click.option("--worst", type=click.IntRange(0), show_default="6", metavar="N",
              help="Recordings that the report pictures for misses, and as many for false alarms.")  # fmt: skip
@rule_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    manifests: tuple[str, ...],
    model: Path | None,
    split: str | None,
    kinds: tuple[str, ...],
    **options: Any,
) -> None:
    """Score the detector on the labelled recordings of manifests.

    Every engine is put on the same cells of 10 ms: a cell is speech when its centre lies in a reference segment, and
    takes the value of the engine's window whose centre is nearest. No engine is shifted; what the best shift within
    100 ms would give is shown beside. Recordings that nobody has labelled are passed over and counted. Audio is looked
    for in VAD_DATA_HOME and beside the manifest.
    """
    if options["worst"] is not None and options["folder"] is None:
        raise click.UsageError("--worst counts the recordings that a report pictures: it needs --report DIR")
    recordings = chosen(manifests, split, kinds)
    need_labels(manifests, recordings, "score")
    _check_outputs(manifests, recordings, model, options)
    engines = _engines(model, options["against"], options)
    report = _evaluate(recordings, engines, options)
    _show(report, options["form"], options["output"])
    if options["folder"] is not None:
        _save_report(report, engines, options)
    for failure in report.failures:
        click.echo(f"vad: {failure.recording}: {failure.reason}", err=True)
    if report.failures:
        ctx.exit(1)


def _check_outputs(
    manifests: tuple[str, ...], recordings: list[Recording], model: Path | None, options: dict[str, Any]
) -> None:
    """Refuses before the scoring what would replace what it reads, or could not be written after it."""
    from vad.cli.apart import refuse_corpus, refuse_model, refuse_twice

    output, folder = options["output"], options["folder"]
    # What a report always has; the rest of it lies in a folder of its own.
    pages = [] if folder is None else [folder / "index.html", folder / "report.json"]
    refuse_corpus([("--output", output)], manifests, recordings)
    refuse_model([("--output", output)], model, options["preset"])
    refuse_twice([("--output", output), *(("--report", page) for page in pages)])
    for path in (output, *pages):
        check_writable(path)


def _evaluate(recordings: list[Recording], engines: list[Engine], options: dict[str, Any]) -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from vad.evaluation import Summary, evaluate
    from vad.manifests import data_home

    summary = Summary(by=options["by"], n_resamples=options["bootstrap"])
    columns = (TextColumn("scoring"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=sum(r.duration_s for r in recordings if r.speech is not None))
        return evaluate(
            recordings,
            engines,
            data_home(),
            collar_s=options["collar"],
            summary=summary,
            progress=lambda seconds: bar.advance(task, seconds),
        )


def _engines(model: Path | None, against: Iterable[str], options: dict[str, Any]) -> list[Engine]:
    from vad.detector import Detector
    from vad.evaluation import DetectorEngine
    from vad.peers import load_peer

    if model is not None and not model.is_file():
        raise ModelError(f"{model}: no such model; give a .tflite file (vad export RUN_DIR makes one)")
    detector = Detector(model)
    rule = rule_from_options(detector.rule, options, model=detector.artifact.digest)
    return [DetectorEngine(Detector(detector.artifact, rule=rule)), *map(load_peer, against)]


def _show(report: Report, form: str, output: Path | None) -> None:
    import json

    text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n" if form == "json" else _tables(report)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with writing(output), replacing(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except VadError:
        # Hours of scoring may be behind it.
        click.echo(text, nl=False)
        raise


def _save_report(report: Report, engines: list[Engine], options: dict[str, Any]) -> None:
    from vad.evaluation import DetectorEngine
    from vad.manifests import data_home
    from vad.pictures.report import WORST, save_report

    folder = options["folder"]
    detector = next((engine.detector for engine in engines if isinstance(engine, DetectorEngine)), None)
    n_worst = WORST if options["worst"] is None else options["worst"]
    save_report(report, folder, detector=detector, home=data_home(), n_worst=n_worst)
    click.echo(f"vad: {folder / 'index.html'} has the curves and the worst recordings", err=True)


def _tables(report: Report) -> str:
    lines = list(report.engines.values())
    lines.append(f"collar {report.collar_s:g} s in all, {report.summary.n_resamples} bootstrap resamples of recordings")
    if report.n_unlabelled:
        lines.append(f"passed over {_counted(report.n_unlabelled)} without labels")
    conditions: dict[str, list[Result]] = {}
    for result in report.results:
        conditions.setdefault(result.condition, []).append(result)
    for results in conditions.values():
        lines += ["", *_table(results)]
    return "\n".join(lines) + "\n"


def _table(results: list[Result]) -> list[str]:
    from vad.evaluation.names import MEASURES, estimate_to_text

    first = results[0]
    columns = [["", *MEASURES.values()]]
    columns += [[r.engine, *(estimate_to_text(r.measures[name], name) for name in MEASURES)] for r in results]
    widths = [max(map(len, column)) for column in columns]
    rows = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
    heading = (
        f"{first.condition}: {_counted(first.n_recordings)}, {first.speech_s / 60:.1f} min of speech, "
        f"{first.nonspeech_s / 60:.1f} min without"
    )
    return [heading, *rows]


def _counted(n: int) -> str:
    return f"{n} recording" if n == 1 else f"{n} recordings"
