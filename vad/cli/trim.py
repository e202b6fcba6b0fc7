"""`vad trim`: a recording without its silence, and a map of times back to the original."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.inputs import input_options
from vad.cli.rule_options import rule_options

if TYPE_CHECKING:
    from vad.cli.cuts import Speech
    from vad.cli.inputs import Hearing, Source


@click.command()
@click.argument("recording", metavar="RECORDING")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="OUT", help="File to write.")
@click.option(
    "--keep-silence",
    type=float,
    default=0.0,
    show_default=True,
    help="Seconds of every pause to keep, half of it on each side.",
)
@click.option(
    "--map",
    "map_path",
    type=click.Path(path_type=Path),
    show_default="OUT.json",
    help="Where the map of times goes.",
)
@rule_options
@input_options
@click.pass_context
def command(ctx: click.Context, /, recording: str, **options: Any) -> None:
    """Write a recording without its silence, and a map of times.

    RECORDING is a file, or - for standard input. OUT has the recording's format, sample rate and channels, and every
    sample of its speech where the format loses nothing. The map is JSON; vad.timemap reads it and converts times both
    ways.
    """
    from vad.cli.apart import refuse_recordings, refuse_twice
    from vad.cli.cuts import find_speech, readable_twice
    from vad.cli.inputs import Hearing, gather
    from vad.cli.progress import ByteCounter, Progress
    from vad.cli.termination import clean_termination

    output, keep_s = options["output"], options["keep_silence"]
    if not (math.isfinite(keep_s) and keep_s >= 0):
        raise click.UsageError(f"--keep-silence must be a number of seconds from 0 up; received {keep_s}")
    if str(output) == "-" or output.is_dir():
        raise click.UsageError(f"--output {output} must be a file: sizes are written at its start in the end")
    sources, problems = gather([recording])
    if problems or len(sources) != 1 or Path(recording).is_dir():
        raise click.UsageError(f"{recording}: trim takes one recording; vad split takes many")
    if options["map_path"] is None:
        options["map_path"] = output.with_name(f"{output.name}.json")
    places = [("--output", output), ("--map", options["map_path"])]
    refuse_recordings(places, sources)
    refuse_twice(places)
    hearing = Hearing.from_options(options)
    with clean_termination(), readable_twice(sources[0]) as source:
        progress = Progress([source])
        heard_bytes = 0.0

        def add(n_bytes: float) -> None:
            nonlocal heard_bytes
            heard_bytes += n_bytes
            progress.update(heard_bytes)

        speech = find_speech(hearing, source, progress, ByteCounter(source, add))
        if not speech.pieces:
            click.echo(f"vad: {source.name}: no speech found, {output} is not written", err=True)
            ctx.exit(1)
        _trim(hearing, source, speech, options)


def _trim(hearing: Hearing, source: Source, speech: Speech, options: dict[str, Any]) -> None:
    from vad.audio import Copy, copy_pieces
    from vad.cli.cuts import reopen
    from vad.files import writing
    from vad.timemap import TimeMap

    output: Path = options["output"]
    times = TimeMap(speech.sample_rate, speech.n_samples, speech.widened(options["keep_silence"] / 2))
    with reopen(hearing, source) as recording, writing(output):
        copy = Copy(recording, source.path)
        if not copy.accepts(output):
            raise click.UsageError(
                f"--output {output}: the format is the recording's; name it {output.with_suffix(copy.suffix)}"
            )
        if copy.note:
            click.echo(f"vad: {source.name}: {copy.note}", err=True)
        with copy.open(output, times.offsets[-1]) as file:
            for _, block in copy_pieces(recording, times.pieces):
                file.write(block)
    _write_map(options["map_path"], output, source.name, times.to_dict())
    kept_s, whole_s = times.offsets[-1] / times.sample_rate, times.n_samples / times.sample_rate
    click.echo(f"vad: {output}: {kept_s:.3f} s of {whole_s:.3f} s in {len(times.pieces)} pieces", err=True)


def _write_map(path: Path, output: Path, name: str, fields: dict[str, Any]) -> None:
    from vad.files import replacing, writing

    with writing(path), replacing(path) as temporary:
        document = {"original": name, "trimmed": str(output), **fields}
        temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
