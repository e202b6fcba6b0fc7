"""`vad split`: every segment of speech as an audio file of its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import operator
import tempfile
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
    sources, problems = gather(recordings)
    earlier = _listed(folder)
    _refuse_listed(sources, earlier, folder)
    splitter = _Splitter(Hearing.from_options(options), folder, output_stems(sources), sources)
    for problem in problems:
        splitter.fail(problem)
    with clean_termination():
        if (folder / _INDEX).exists():
            splitter.replace(earlier)
        else:
            splitter.run()
    click.echo(f"vad: {splitter.summary}", err=True)
    ctx.exit(1 if splitter.n_failed else 0)


def _listed(folder: Path) -> set[Path]:
    """Returns the files of an earlier run that are there, resolved; nothing outside of the directory."""
    index = folder / _INDEX
    found: set[Path] = set()
    if not index.is_file():
        return found
    for line in index.read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            path = (folder / str(json.loads(line)["audio"])).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                found.add(path)
    return found


def _refuse_listed(sources: Sequence[Source], earlier: set[Path], folder: Path) -> None:
    for source in sources:
        if source.path is not None and source.path.resolve() in earlier:
            raise click.UsageError(
                f"{source.name} is a segment of the run that --overwrite replaces in {folder}; name another directory"
            )


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
        self._written: list[PurePath] = []
        self._into, self._keeps_earlier = folder, False
        self.n_done = self.n_failed = self.n_segments = 0
        self.speech_s = 0.0

    @property
    def summary(self) -> str:
        """What came of it, in a line."""
        from vad.cli.counts import counted

        failed = f"; {self.n_failed} failed" if self.n_failed else ""
        if self._keeps_earlier:
            return f"0 segments{failed}; {self._folder} keeps those of the earlier run"
        segments, recordings = counted(self.n_segments, "segment"), counted(self.n_done, "recording")
        return f"{segments}, {self.speech_s:.3f} s, of {recordings} in {self._folder}{failed}"

    def run(self) -> None:
        """Splits all. What there is gets listed, also when the rest is given up."""
        try:
            self._split_all()
        finally:
            self._write_index()

    def replace(self, earlier: set[Path]) -> None:
        """Splits all in the place of an earlier run, whose files stay as they are until all of the new ones are there.

        When it is given up, or nothing came of it, the earlier run stays.
        """
        from vad.files import writing

        with contextlib.ExitStack() as stack:
            with writing(self._folder):
                self._into = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._folder, prefix=".split-")))
            self._split_all()
            self._keeps_earlier = self.n_failed > 0 and self.n_segments == 0
            if self._keeps_earlier:
                return
            # New files come first, the index that lists them second, and only then the old ones go: the index names no
            # file that is not there, wherever this ends.
            with writing(self._folder):
                written = {self._move(path) for path in self._written}
                self._write_index()
                for path in earlier - written:
                    path.unlink(missing_ok=True)

    def _move(self, path: PurePath) -> Path:
        """Puts a new file into its place, and returns that, resolved."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (self._into / path).replace(target)
        return target.resolve()

    def _split_all(self) -> None:
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

    def _write_index(self) -> None:
        from vad.files import replacing, writing

        index = self._folder / _INDEX
        with writing(index), replacing(index) as temporary:
            temporary.write_text("".join(self._lines), encoding="utf-8")

    def _split(self, source: Source, stem: PurePath) -> None:
        from vad.audio import Copy
        from vad.cli.cuts import find_speech, reopen
        from vad.cli.progress import ByteCounter
        from vad.files import writing

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
            with copy.open(self._into / path, stop - start) as file:
                for _, block in blocks:
                    file.write(block)
            line = {"audio": path.as_posix(), "recording": name, "start": round(start_s, 6), "end": round(end_s, 6)}
            line |= {"start_sample": start, "end_sample": stop, "sample_rate": speech.sample_rate}
            self._lines.append(json.dumps(line, ensure_ascii=False) + "\n")
            self._written.append(path)
            self.n_segments += 1
            self.speech_s += end_s - start_s

    def _add_bytes(self, n_bytes: float) -> None:
        self._heard_bytes += n_bytes
        self._progress.update(self._heard_bytes)
