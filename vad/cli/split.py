"""`vad split`: every segment of speech as an audio file of its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import operator
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from vad.cli.inputs import input_options
from vad.cli.rule_options import rule_options

if TYPE_CHECKING:
    from vad.audio import Copy, Recording
    from vad.cli.cuts import Speech
    from vad.cli.inputs import Hearing, Source

_INDEX = "index.jsonl"


@click.command()
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where files go.")
@click.option("--overwrite", is_flag=True, help=f"Replace the files that DIR/{_INDEX} lists.")
@rule_options
@input_options
@click.pass_context
def command(ctx: click.Context, /, recordings: tuple[str, ...], **options: Any) -> None:
    """Write each segment of speech as an audio file.

    RECORDINGS are files, directories (searched in depth), quoted patterns such as 'data/**/*.flac', or - for standard
    input. Files are named NAME_0001_START-END with the suffix of the recording and lie in DIR as the recordings do in
    their directory; DIR/index.jsonl lists them. Format, sample rate and channels are the recording's, and so is every
    sample where its format loses nothing.
    """
    from vad.cli.inputs import Hearing, gather, output_stems
    from vad.cli.termination import clean_termination

    folder: Path = options["output"]
    if folder.exists() and not folder.is_dir():
        raise click.UsageError(f"--output {folder} is a file; name a directory")
    if (folder / _INDEX).exists() and not options["overwrite"]:
        raise click.UsageError(
            f"{folder} holds the segments of another run; name another directory, or replace them with --overwrite"
        )
    hearing = Hearing.from_options(options)
    sources, problems = gather(recordings)
    splitter = _Splitter(hearing, folder, output_stems(sources), sources)
    for problem in problems:
        splitter.fail(problem)
    if options["overwrite"]:
        _remove_listed(folder)
    with clean_termination():
        try:
            splitter.run()
        finally:
            splitter.write_index()
    noun = "recording" if splitter.n_done == 1 else "recordings"
    click.echo(
        f"vad: {splitter.n_segments} segments, {splitter.speech_s:.3f} s, of {splitter.n_done} {noun} in {folder}"
        + (f"; {splitter.n_failed} failed" if splitter.n_failed else ""),
        err=True,
    )
    ctx.exit(1 if splitter.n_failed else 0)


def _remove_listed(folder: Path) -> None:
    """Removes the files of an earlier run, and nothing else."""
    index = folder / _INDEX
    if not index.is_file():
        return
    for line in index.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            path = folder / str(json.loads(line)["audio"])
            if path.resolve().is_relative_to(folder.resolve()):
                path.unlink(missing_ok=True)
    index.unlink()


class _Splitter:
    """Recordings one after the other; what fails is named and counted."""

    def __init__(
        self, hearing: Hearing, folder: Path, stems: Mapping[Source, PurePath], sources: Sequence[Source]
    ) -> None:
        from vad.cli.progress import Progress

        self._hearing, self._folder, self._stems, self._sources = hearing, folder, stems, sources
        self._progress = Progress(sources)
        self._heard_bytes = 0.0
        self._lines: list[str] = []
        self.n_done = self.n_failed = self.n_segments = 0
        self.speech_s = 0.0

    def run(self) -> None:
        """Splits all."""
        from vad.cli.cuts import readable_twice
        from vad.errors import AudioError, FeatureError

        for source in self._sources:
            try:
                with readable_twice(source) as original:
                    self._split(original, self._stems[source])
                self.n_done += 1
            except (AudioError, FeatureError) as error:
                self.fail(str(error))
            self._progress.done()

    def fail(self, problem: str) -> None:
        """Names what failed, and counts it."""
        self.n_failed += 1
        self._progress.clear()
        click.echo(f"vad: {problem}", err=True)

    def write_index(self) -> None:
        """Writes what there is, also when the rest was given up."""
        from vad.cli.cuts import writing
        from vad.files import replacing

        index = self._folder / _INDEX
        with writing(index), replacing(index) as temporary:
            temporary.write_text("".join(self._lines), encoding="utf-8")

    def _split(self, source: Source, stem: PurePath) -> None:
        from vad.audio import Copy
        from vad.cli.cuts import find_speech, reopen, writing
        from vad.cli.progress import ByteCounter

        speech = find_speech(self._hearing, source, self._progress, ByteCounter(source, self._add_bytes))
        if not speech.pieces:
            click.echo(f"vad: {source.name}: no speech found", err=True)
            return
        with reopen(self._hearing, source) as recording, writing(self._folder):
            copy = Copy(recording, source.path)
            if copy.note:
                click.echo(f"vad: {source.name}: {copy.note}", err=True)
            self._write(recording, copy, speech, (source.name, stem))

    def _write(self, recording: Recording, copy: Copy, speech: Speech, names: tuple[str, PurePath]) -> None:
        """Writes the segments of a recording, which is called by its name and, in the directory, by its stem."""
        from vad.audio import copy_pieces

        name, stem = names
        for number, blocks in itertools.groupby(copy_pieces(recording, speech.pieces), operator.itemgetter(0)):
            start, stop = speech.pieces[number]
            start_s, end_s = start / speech.sample_rate, stop / speech.sample_rate
            path = stem.with_name(f"{stem.name}_{number + 1:04d}_{start_s:.3f}-{end_s:.3f}{copy.suffix}")
            with copy.open(self._folder / path, stop - start) as file:
                for _, block in blocks:
                    file.write(block)
            line = {"audio": path.as_posix(), "recording": name, "start": round(start_s, 6), "end": round(end_s, 6)}
            line |= {"start_sample": start, "end_sample": stop, "sample_rate": speech.sample_rate}
            self._lines.append(json.dumps(line, ensure_ascii=False) + "\n")
            self.n_segments += 1
            self.speech_s += end_s - start_s

    def _add_bytes(self, n_bytes: float) -> None:
        self._heard_bytes += n_bytes
        self._progress.update(self._heard_bytes)
