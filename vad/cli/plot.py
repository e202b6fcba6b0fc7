"""``vad plot``: a recording as a picture, or as a page to explore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.model_option import model_option
from vad.cli.pipes import refuse_pipe
from vad.cli.rule_options import rule_from_options, rule_options

if TYPE_CHECKING:
    from vad.detector import Detector
    from vad.pictures import Source, View
    from vad.segments import Timeline

_PAGE_SUFFIXES = (".html", ".htm")


@click.command("plot")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="Picture to write: .png, .svg or .pdf, or .html to zoom, listen and try thresholds.")  # fmt: skip
@model_option()
@click.option("--labels", type=click.Path(path_type=Path, dir_okay=False),
              help="Reference speech in any format that vad reads: misses and false alarms are marked.")  # fmt: skip
@click.option("--find-labels", is_flag=True, help="Take the labels from a file of the recording's name beside it.")
@click.option("--start", type=click.FloatRange(0), default=0.0, show_default=True, metavar="SECONDS",
              help="Where the part shown starts.")  # fmt: skip
@click.option("--end", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
              show_default="the recording's end", help="Where it ends.")  # fmt: skip
@click.option("--channel", type=click.IntRange(min=0), show_default="all, mixed down", help="Listen to this channel.")
@click.option("--dpi", type=click.IntRange(30, 1200), show_default="150", help="Dots per inch of a PNG of 10 inches.")
@click.option("--audio/--no-audio", default=None, help="Put the sound into the page.  [default: audio]")
@rule_options
def command(recording: Path, output: Path, **options: Any) -> None:
    """Draw a recording: waveform, log-mel, posterior with its thresholds, and the speech found.

    With labels, what was missed and what was a false alarm is marked. The whole recording is listened to, so that a
    part shown with --start and --end looks as it does in the whole.
    """
    from vad.cli.apart import refuse_inputs, refuse_model
    from vad.detector import Detector
    from vad.formats.belonging import within
    from vad.pictures import Source, look

    refuse_pipe(recording)
    suffix = _check(output, options)
    refuse_inputs([("--output", output)], [recording], "the recording")
    refuse_inputs([("--output", output)], [options["labels"]], "the label file")
    refuse_model([("--output", output)], options["model"], options["preset"])
    source = Source(recording, channel=options["channel"])
    reference = _reference(recording, options)
    detector = Detector(options["model"])
    rule = rule_from_options(detector.rule, options, model=detector.artifact.digest)
    is_page = suffix in _PAGE_SUFFIXES
    view = look(
        source,
        detector,
        rule=rule,
        span=(options["start"], options["end"]),
        reference=reference,
        detail=_page_detail() if is_page else None,
    )
    if reference is not None:
        within(reference, view.duration_s, recording)
    if is_page:
        _save_page(source, view, output, detector, sound_wanted=options["audio"] is not False)
    else:
        from vad.pictures.figure import DPI, save_figure

        save_figure(view, output, dpi=DPI if options["dpi"] is None else options["dpi"])


def _check(output: Path, options: dict[str, Any]) -> str:
    """Returns the suffix of the output, in lower case, once the options are known to go together."""
    from vad.pictures.figure import FIGURE_SUFFIXES

    suffix = output.suffix.lower()
    valid = (*FIGURE_SUFFIXES, *_PAGE_SUFFIXES)
    if suffix not in valid:
        raise click.BadParameter(f"{output}: its suffix must be one of {', '.join(valid)}.", param_hint="--output")
    if options["dpi"] is not None and suffix != ".png":
        raise click.UsageError(f"--dpi is for PNG pictures; {output.name} has no dots")
    if options["audio"] is not None and suffix not in _PAGE_SUFFIXES:
        raise click.UsageError(f"--audio and --no-audio are for HTML pages; {output.name} has no sound")
    if options["labels"] is not None and options["find_labels"]:
        raise click.UsageError("--labels names the file and --find-labels looks for one: give one of them")
    if options["end"] is not None and options["end"] <= options["start"]:
        raise click.UsageError(f"--end must lie after --start; received {options['start']:g} to {options['end']:g}")
    return suffix


def _page_detail() -> Any:
    from vad.pictures.page import PAGE_DETAIL

    return PAGE_DETAIL


def _reference(recording: Path, options: dict[str, Any]) -> Timeline | None:
    from vad.formats import read_timelines
    from vad.formats.belonging import timeline_of

    path = _labels_beside(recording) if options["find_labels"] else options["labels"]
    if path is None:
        return None
    return timeline_of(recording, read_timelines(path), path)


def _labels_beside(recording: Path) -> Path:
    from vad.errors import ManifestError
    from vad.formats import FORMATS

    suffixes = [suffix for entry in FORMATS.values() for suffix in entry.suffixes]
    folder = recording.parent
    beside = sorted(p for p in folder.iterdir() if p.stem == recording.stem) if folder.is_dir() else []
    found = [path for path in beside if path.suffix.lower() in suffixes]
    if len(found) != 1:
        names = ", ".join(path.name for path in found)
        raise ManifestError(
            f"{recording}: --find-labels wants one label file of this name beside it "
            f"({' '.join(suffixes)}); found {names or 'none'}: name it with --labels"
        )
    return found[0]


def _save_page(source: Source, view: View, output: Path, detector: Detector, *, sound_wanted: bool) -> None:
    from vad.pictures.audio import LIMIT_S, encode
    from vad.pictures.page import save_page

    sound = encode(source, view) if sound_wanted else None
    if sound_wanted and sound is None:
        click.echo(
            f"vad: {source.path}: the part shown is longer than {LIMIT_S / 60:g} minutes, so that the page is without "
            "sound: choose a part with --start and --end",
            err=True,
        )
    silent = None if sound_wanted else "No sound: made with --no-audio."
    save_page(view, output, sound=sound, model_rule=detector.metadata.decision, silent=silent)
