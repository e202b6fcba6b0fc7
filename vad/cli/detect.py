"""`vad detect`: the speech of recordings on standard output."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vad.audio import RawFormat
    from vad.cli.printing import Printer, Progress
    from vad.decision import DecisionRule
    from vad.detector import Detector

# Chunks of a pipe: segments of a live source are not held back for longer than this.
_LIVE_CHUNK_S = 0.32
_RULE_OPTIONS = {
    "onset_threshold": "Posterior that enters speech, in (0, 1].",
    "offset_threshold": "Posterior below which speech is left, at most the onset threshold.",
    "hangover": "Seconds that speech goes on after falling below the offset threshold.",
    "min_speech": "Drop speech shorter than this, seconds.",
    "min_silence": "Fill gaps shorter than this, seconds.",
    "pad_start": "Widen segments by this at their start, seconds.",
    "pad_end": "Widen segments by this at their end, seconds.",
}


def _rule_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of the decision rule, whose defaults are the model's."""
    for name, text in reversed(_RULE_OPTIONS.items()):
        flag = f"--{name.replace('_', '-')}"
        function = click.option(flag, type=float, show_default="from the model", help=text)(function)
    return function


@click.command()
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@click.option(
    "-f",
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How segments are written; times are seconds from the recording's start.",
)
@click.option("-o", "--output", default="-", show_default=True, help="File to write; - is standard output.")
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path),
    show_default="the model of the package",
    help="A .tflite made by `vad export`.",
)
@_rule_options
@click.option("--channel", type=click.IntRange(min=0), show_default="all, mixed down", help="Listen to this channel.")
@click.option("--raw-rate", type=int, help="Recordings are headerless samples at this rate, Hz.")
@click.option("--raw-format", show_default="s16le", help="Their encoding: s16le, f32le, mulaw, … as ffmpeg names them.")
@click.option("--raw-channels", type=int, show_default="1", help="How many interleaved channels they have.")
@click.pass_context
def command(ctx: click.Context, /, recordings: tuple[str, ...], **options: Any) -> None:
    """Find the speech in recordings: files, directories (searched in depth), or - for standard input.

    Segments are written as soon as they are found. A recording that cannot be read is named on standard error and
    the others are still done; the exit status is then 1.
    """
    from vad.cli.printing import Progress, open_printer
    from vad.detector import Detector

    raw = _raw_format(options)
    detector = Detector(options["model"])
    rule = _rule(detector, options)
    with open_printer(options["style"], options["output"], detector, rule) as printer:
        batch = _Batch(detector, rule, raw, options["channel"], printer, Progress())
        batch.run(recordings)
    if batch.failed:
        if batch.done + batch.failed > 1:
            click.echo(f"vad: {batch.failed} of {batch.done + batch.failed} recordings could not be done", err=True)
        ctx.exit(1)


def _raw_format(options: dict[str, Any]) -> RawFormat | None:
    given = [name for name in ("raw_rate", "raw_format", "raw_channels") if options[name] is not None]
    if not given:
        return None
    if options["raw_rate"] is None:
        raise click.UsageError(f"--{given[0].replace('_', '-')} needs --raw-rate, which headerless samples lack")
    from vad.audio import RawFormat

    fields = {"encoding": options["raw_format"], "channels": options["raw_channels"]}
    return RawFormat(options["raw_rate"], **{name: value for name, value in fields.items() if value is not None})


def _rule(detector: Detector, options: dict[str, Any]) -> DecisionRule:
    """Returns the model's rule with what the options change."""
    import dataclasses

    from vad.errors import ConfigError

    changes = {
        name if name.endswith("threshold") else f"{name}_s": options[name]
        for name in _RULE_OPTIONS
        if options[name] is not None
    }
    try:
        return dataclasses.replace(detector.rule, **changes)
    except ConfigError as error:
        raise ConfigError(f"{error} (what is not given comes from the model)") from None


class _Batch:
    """Recordings one after the other; what fails is counted and named, and the rest goes on."""

    def __init__(
        self,
        detector: Detector,
        rule: DecisionRule,
        raw: RawFormat | None,
        channel: int | None,
        printer: Printer,
        progress: Progress,
    ) -> None:
        self._detector, self._rule, self._raw, self._channel = detector, rule, raw, channel
        self._printer, self._progress = printer, progress
        self.done = self.failed = 0

    def run(self, recordings: tuple[str, ...]) -> None:
        """Detects and prints everything that the arguments name."""
        from vad.audio import find_audio

        seen: set[Path] = set()
        for argument in recordings:
            if argument == "-":
                self._attempt("-", self._detect_stdin)
                continue
            with self._naming_failures():
                paths = [path for path in find_audio([argument]) if path not in seen]
                seen.update(paths)
                for path in paths:
                    self._attempt(click.format_filename(path), functools.partial(self._detect_path, path))

    @contextlib.contextmanager
    def _naming_failures(self) -> Iterator[None]:
        from vad.errors import AudioError, FeatureError

        try:
            yield
        except (AudioError, FeatureError) as error:
            self.failed += 1
            self._progress.clear()
            click.echo(f"vad: {error}", err=True)

    def _attempt(self, name: str, detect: Callable[[], None]) -> None:
        with self._naming_failures():
            self._printer.begin(name)
            detect()
            self.done += 1

    def _detect_stdin(self) -> None:
        self._progress.start(None)
        self._detect("-", self._chunks(sys.stdin.buffer, live=True))

    def _detect_path(self, path: Path) -> None:
        from vad.errors import AudioError

        self._progress.start(path)
        if self._raw is None:
            self._detect(str(path), self._chunks(path, live=not path.is_file()))
            return
        try:
            stream = path.open("rb")
        except OSError as error:
            raise AudioError(f"{path}: {error.strerror}") from error
        with stream:
            self._detect(str(path), self._chunks(stream, live=not path.is_file()))

    def _chunks(self, source: Any, *, live: bool) -> Iterator[NDArray[np.float32]]:
        from vad.audio import iter_chunks, iter_raw_chunks

        rate = self._detector.sample_rate
        settings: dict[str, Any] = {
            "sample_rate": rate,
            "channel": self._channel,
            "chunk_samples": int(_LIVE_CHUNK_S * rate) if live else self._detector.chunk_samples,
        }
        if self._raw is not None:
            return iter_raw_chunks(source, self._raw, **settings)
        return iter_chunks(source, **settings)

    def _detect(self, name: str, chunks: Iterator[NDArray[np.float32]]) -> None:
        rate = self._detector.sample_rate
        n_samples = found = 0

        def counted() -> Iterator[NDArray[np.float32]]:
            nonlocal n_samples
            for chunk in chunks:
                n_samples += len(chunk)
                yield chunk

        for output in self._detector.run(counted(), sample_rate=rate, name=name, rule=self._rule):
            if output.segments:
                found += len(output.segments)
                self._progress.clear()
                self._printer.write(output.segments)
            self._progress.update(n_samples / rate)
        self._progress.clear()
        self._printer.end(n_samples / rate)
        if not found:
            click.echo(f"vad: {name}: no speech found", err=True)
