"""``vad explain``: the inside of the network over a recording, as a picture, a page or words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from vad.cli.model_option import model_option
from vad.cli.pipes import refuse_pipe
from vad.cli.rule_options import rule_from_options, rule_options

if TYPE_CHECKING:
    from vad.explain import Explanation
    from vad.pictures import Source

_PAGE_SUFFIXES: Final = (".html", ".htm")
_DEFAULT_S: Final = 30.0
# Left out without a word.
_HARDLY_S: Final = 0.1
# Of a part that is put around a moment.
_BEFORE_S: Final = 20.0


@click.command("explain")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
              help="A .png, .svg or .pdf to write, or .html to step through the network and switch gates.")  # fmt: skip
@model_option(", float32 or float16, of LSTM cells")
@click.option("--at", type=click.FloatRange(0), metavar="SECONDS", show_default="the first onset in the part",
              help="The moment to explain: its saliency, and what would change the decision.")  # fmt: skip
@click.option("--start", type=click.FloatRange(0), metavar="SECONDS", show_default="0, or 20 s before --at",
              help="Where the part shown starts.")  # fmt: skip
@click.option("--end", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
              show_default="30 s after --start", help="Where it ends, at most 300 s later.")  # fmt: skip
@click.option("--channel", type=click.IntRange(min=0), show_default="all, mixed down", help="Listen to this channel.")
@click.option("--dpi", type=click.IntRange(30, 1200), show_default="150", help="Dots per inch of a PNG of 11 inches.")
@click.option("--audio/--no-audio", default=None, help="Put the sound into the page.  [default: audio]")
@rule_options
def command(recording: Path, output: Path | None, **options: Any) -> None:
    """Look into the network: gates, memory, what its units do, and why it decided as it did.

    Prints in words what the units of each layer do, what a moment's posterior hangs on, and the smallest changes of the
    sound that would change the decision. The whole recording is listened to, so that a part is what it is in the whole.
    """
    from vad.cli.apart import refuse_inputs, refuse_model
    from vad.detector import Detector
    from vad.explain import explain
    from vad.explain.words import lines
    from vad.pictures import Source

    refuse_pipe(recording)
    suffix = _check(output, options)
    refuse_inputs([("--output", output)], [recording], "the recording")
    refuse_model([("--output", output)], options["model"], options["preset"])
    source = Source(recording, channel=options["channel"])
    span = _span(options)
    detector = Detector(options["model"])
    rule = rule_from_options(detector.rule, options, model=detector.artifact.digest)
    explanation = explain(source, detector, rule=rule, span=span, at=options["at"])
    limit = _limit(explanation, options)
    if limit:
        click.echo(f"vad: {recording}: {limit}", err=True)
    if output is not None and suffix in _PAGE_SUFFIXES:
        _save_page(source, explanation, output, limit, sound_wanted=options["audio"] is not False)
    elif output is not None:
        from vad.explain.figure import save_explanation
        from vad.pictures.figure import DPI

        save_explanation(explanation, output, dpi=DPI if options["dpi"] is None else options["dpi"])
    for line in lines(explanation):
        click.echo(line)


def _check(output: Path | None, options: dict[str, Any]) -> str:
    """Returns the suffix of the output, in lower case, once the options are known to go together."""
    from vad.pictures.figure import FIGURE_SUFFIXES

    suffix = "" if output is None else output.suffix.lower()
    valid = (*FIGURE_SUFFIXES, *_PAGE_SUFFIXES)
    if output is not None and suffix not in valid:
        raise click.BadParameter(f"{output}: its suffix must be one of {', '.join(valid)}.", param_hint="--output")
    if options["dpi"] is not None and suffix != ".png":
        raise click.UsageError("--dpi is for PNG pictures; name one with -o")
    if options["audio"] is not None and suffix not in _PAGE_SUFFIXES:
        raise click.UsageError("--audio and --no-audio are for HTML pages; name one with -o")
    start, end, at = (options[name] for name in ("start", "end", "at"))
    if end is not None and end <= (0.0 if start is None else start):
        raise click.UsageError(f"--end must lie after --start; received {0.0 if start is None else start:g} to {end:g}")
    if at is not None and ((start is not None and at < start) or (end is not None and at > end)):
        raise click.UsageError(f"--at must lie between --start and --end; received {at:g}")
    return suffix


def _span(options: dict[str, Any]) -> tuple[float, float]:
    """Returns the part that is shown: what was asked for, else 30 s, with the moment in it."""
    start, end, at = (options[name] for name in ("start", "end", "at"))
    if start is None:
        beyond = at is not None and at > (_DEFAULT_S if end is None else end)
        start = max(0.0, at - _BEFORE_S) if beyond and end is None else 0.0
    return start, start + _DEFAULT_S if end is None else end


def _limit(explanation: Explanation, options: dict[str, Any]) -> str:
    """Says that the part shown was cut where nobody asked for an end."""
    view = explanation.view
    if options["end"] is not None or view.end_s > view.duration_s - _HARDLY_S:
        return ""
    return f"shown are {view.start_s:g} to {view.end_s:g} s of {view.duration_s:g} s: --start and --end choose a part"


def _save_page(source: Source, explanation: Explanation, output: Path, limit: str, *, sound_wanted: bool) -> None:
    from vad.explain.page import save_explanation_page
    from vad.pictures.audio import encode

    sound = encode(source, explanation.view) if sound_wanted else None
    words = f" of {explanation.view.duration_s:g} s" if limit else ""
    save_explanation_page(explanation, output, sound=sound, limit=words)
