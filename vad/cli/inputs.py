"""What commands listen to and with what: recordings named on the command line, the model, the channel, raw samples."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vad.cli.model_option import model_option
from vad.cli.standard_streams import standard_input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vad.audio import RawFormat, Recording
    from vad.decision import DecisionRule
    from vad.detector import Detector
    from vad.stream import StreamOutput

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Chunks of a pipe: segments of a live source are not held back for longer than this.
_LIVE_CHUNK_S = 0.32


def input_options(function: _Function) -> _Function:
    """Adds the options for the model, the channel and headerless samples; `Hearing.from_options` takes them."""
    options = (
        model_option(),
        click.option(
            "--channel", type=click.IntRange(min=0), show_default="all, mixed down", help="Listen to this channel."
        ),
        click.option("--raw-rate", type=int, help="Recordings are headerless samples at this rate, Hz."),
        click.option(
            "--raw-format", show_default="s16le", help="Their encoding: s16le, f32le, mulaw, … as ffmpeg names them."
        ),
        click.option("--raw-channels", type=int, show_default="1", help="How many interleaved channels they have."),
    )
    return functools.reduce(lambda decorated, option: option(decorated), reversed(options), function)


@dataclass(frozen=True, slots=True)
class Source:
    """A recording that the command line names.

    Args:
        name: as it is shown.
        path: where it is; None is standard input.
        inside: where it is inside the directory that was named, for outputs that mirror it.
    """

    name: str
    path: Path | None
    inside: PurePath

    @property
    def is_live(self) -> bool:
        """Whether it can be read but once, as it comes: standard input, a pipe."""
        return self.path is None or (self.path.exists() and not self.path.is_file())

    @property
    def n_bytes(self) -> int:
        """Its size, for progress; 0 where it has none."""
        try:
            return 0 if self.path is None else self.path.stat().st_size
        except OSError:
            return 0


def gather(arguments: Sequence[str]) -> tuple[list[Source], list[str]]:
    """Returns the recordings that arguments name, each once, and what is wrong with the arguments that name none."""
    from vad.audio import find_recordings
    from vad.errors import AudioError

    found: dict[Path | None, Source] = {}
    problems = []
    for argument in arguments:
        if argument == "-":
            found.setdefault(None, Source("-", None, PurePath("stdin")))
            continue
        try:
            for recording in find_recordings(argument):
                name = click.format_filename(recording.path)
                found.setdefault(recording.path, Source(name, recording.path, recording.inside))
        except AudioError as error:
            problems.append(str(error))
    return list(found.values()), problems


def output_stems(sources: Sequence[Source]) -> dict[Source, PurePath]:
    """Returns what each recording's outputs are called inside a directory, without their suffix.

    It is the recording's name without suffix. Where several would share one, as ``a.wav`` and ``a.flac`` do, they keep
    their suffixes.

    Raises:
        click.UsageError: when two recordings of the same name come from different places.
    """
    short = [source.inside.with_suffix("") for source in sources]
    stems = {
        source: source.inside if short.count(stem) > 1 else stem for source, stem in zip(sources, short, strict=True)
    }
    taken: dict[PurePath, Source] = {}
    for source, stem in stems.items():
        other = taken.setdefault(stem, source)
        if other is not source:
            raise click.UsageError(
                f"{other.name} and {source.name} would have the same output {stem}: name the directory that holds both"
            )
    return stems


class Heard:
    """A recording that is being listened to.

    Args:
        recording: opened.
        hearing: with what.
        name: of the recording, for messages.
        is_live: whether its segments are wanted as soon as they are found.
    """

    def __init__(self, recording: Recording, hearing: Hearing, name: str, *, is_live: bool) -> None:
        self.recording = recording
        self._hearing, self._name, self._is_live = hearing, name, is_live
        self._n_samples = 0

    @property
    def duration_s(self) -> float:
        """Seconds heard so far; in the end, the length of the recording."""
        return self._n_samples / self._hearing.detector.sample_rate

    def outputs(self) -> Iterator[StreamOutput]:
        """Yields what each chunk brings to light, to the recording's end.

        Raises:
            AudioError: when it cannot be decoded, or is shorter than a frame.
            FeatureError: when its samples cannot be judged.
        """
        from vad.audio import recording_chunks

        detector = self._hearing.detector
        rate = detector.sample_rate
        chunks = recording_chunks(
            self.recording,
            sample_rate=rate,
            channel=self._hearing.channel,
            chunk_samples=int(_LIVE_CHUNK_S * rate) if self._is_live else detector.chunk_samples,
        )
        counted = self._counted(chunks)
        return detector.run(counted, sample_rate=rate, name=self._name, rule=self._hearing.rule)

    def _counted(self, chunks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        for chunk in chunks:
            self._n_samples += len(chunk)
            yield chunk


@dataclass(frozen=True)
class Hearing:
    """With what recordings are listened to.

    Args:
        detector: the model.
        rule: from posteriors to segments.
        raw: what the bytes of recordings without headers mean; None for recordings with headers.
        channel: which channel, from 0; None mixes all down.
    """

    detector: Detector
    rule: DecisionRule
    raw: RawFormat | None = None
    channel: int | None = None

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> Hearing:
        """Loads what the options of `input_options` and of the decision rule name.

        Raises:
            VadError: when a model, a preset or a value cannot be used.
        """
        from vad.cli.rule_options import rule_from_options
        from vad.detector import Detector

        raw = _raw_format(options)
        detector = Detector(options["model"])
        rule = rule_from_options(detector.rule, options, model=detector.artifact.digest)
        return cls(detector, rule, raw, options["channel"])

    @contextlib.contextmanager
    def listen(self, source: Source) -> Iterator[Heard]:
        """Opens a recording for the length of a ``with`` block.

        Raises:
            AudioError: when it cannot be opened.
        """
        from vad.audio import open_recording

        is_live = source.is_live
        stream = standard_input() if source.path is None else source.path
        with open_recording(stream, self.raw, name=source.name) as recording:
            yield Heard(recording, self, source.name, is_live=is_live)


def _raw_format(options: dict[str, Any]) -> RawFormat | None:
    given = [name for name in ("raw_rate", "raw_format", "raw_channels") if options[name] is not None]
    if not given:
        return None
    if options["raw_rate"] is None:
        raise click.UsageError(f"--{given[0].replace('_', '-')} needs --raw-rate, which headerless samples lack")
    from vad.audio import RawFormat

    fields = {"encoding": options["raw_format"], "channels": options["raw_channels"]}
    return RawFormat(options["raw_rate"], **{name: value for name, value in fields.items() if value is not None})
