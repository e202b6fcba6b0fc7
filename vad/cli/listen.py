"""`vad listen`: speech as it is spoken, from a microphone or a pipe."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.inputs import input_options
from vad.cli.rule_options import rule_options
from vad.cli.standard_streams import standard_input
from vad.files import check_writable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vad.audio.microphone import Microphone
    from vad.cli.inputs import Hearing
    from vad.errors import VadError
    from vad.stream import Event, SpeechEnd, StreamOutput

# Without a preset, what is said is wanted soon, and memory has to stay bounded.
_DEFAULT_PRESET = "live"
_CHUNK_S = 0.02


def _list_devices(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Prints the microphones and ends."""
    if not value:
        return
    from vad.audio.microphone import find_devices

    for device in find_devices():
        mark = "*" if device.is_default else " "
        click.echo(f"{mark} {device.index:3d}  {device.name}  {device.channels} channels  {device.sample_rate} Hz")
    ctx.exit()


@click.command()
@click.argument("source", required=False, metavar="[SOURCE]")
@click.option("--device", metavar="NAME|INDEX", show_default="the system's", help="Microphone to listen to.")
@click.option("--list-devices", is_flag=True, expose_value=False, is_eager=True, callback=_list_devices,
              help="List the microphones, the system's default with *, and end.")  # fmt: skip
@click.option(
    "--events",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="What is written to standard output as it happens: finished segments, or all events as JSON lines.",
)
@click.option("--posteriors", is_flag=True, help="JSON lines of the posteriors of all frames too.")
@click.option("--save", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write every segment there, as speech-0001.wav and on: 16 bits, at the model's rate.")  # fmt: skip
@input_options
@rule_options
@click.pass_context
def command(ctx: click.Context, /, source: str | None, **options: Any) -> None:
    """Tell speech as it is spoken: from a microphone, or from SOURCE: - is standard input, WAV or raw samples.

    arecord -q -f S16_LE -r 16000 | vad listen -

    Standard output has what happens when it happens; a terminal shows level and speech on standard error. Ctrl-C ends
    it, and what is being said then is still told. Without --preset the rule is that of the preset live.
    """
    from vad.cli.inputs import Hearing

    if options["posteriors"] and options["form"] != "jsonl":
        raise click.UsageError("--posteriors are JSON lines: give --events jsonl too")
    if source is not None and options["device"] is not None:
        raise click.UsageError(f"--device chooses a microphone; {source} is listened to instead: leave one of them out")
    if options["preset"] is None:
        options["preset"] = _DEFAULT_PRESET
    if source is None and options["raw_rate"] is not None:
        raise click.UsageError("--raw-rate describes samples from a pipe: give - as the source")
    if options["save"] is not None:
        check_writable(options["save"] / _file_name(1))
    hearing = Hearing.from_options(options)
    with _open(source, options["device"], hearing) as (name, rate, chunks):
        _Listening(hearing, name, options).run(chunks, rate)


def _file_name(number: int) -> str:
    return f"speech-{number:04d}.wav"


@contextlib.contextmanager
def _open(
    source: str | None, device: str | None, hearing: Hearing
) -> Iterator[tuple[str, int, Iterator[NDArray[np.float32]]]]:
    """Opens what is listened to: its name, the rate of its chunks and the chunks."""
    from vad.audio import open_recording, recording_chunks

    if source is None:
        from vad.audio.microphone import open_microphone

        with open_microphone(device, hearing.channel) as microphone:
            yield "microphone", microphone.sample_rate, _from_microphone(microphone)
        return
    if source == "-":
        _check_pipe(hearing)
    rate = hearing.detector.sample_rate
    with open_recording(standard_input() if source == "-" else source, hearing.raw) as recording:
        size = int(_CHUNK_S * rate)
        yield source, rate, recording_chunks(recording, sample_rate=rate, channel=hearing.channel, chunk_samples=size)


def _from_microphone(microphone: Microphone) -> Iterator[NDArray[np.float32]]:
    n_lost = 0
    for chunk in microphone.chunks():
        if microphone.n_lost > n_lost == 0:
            click.echo("vad: the system has lost audio: the machine is too busy to listen in time", err=True)
        n_lost = microphone.n_lost
        yield chunk


def _check_pipe(hearing: Hearing) -> None:
    """Refuses at once what could not be heard before the pipe ends."""
    peek = getattr(standard_input(), "peek", None)
    if hearing.raw is not None or peek is None:
        return
    head = peek(4)[:4]
    if len(head) == 4 and head not in (b"RIFF", b"RF64", b"BW64"):
        raise click.UsageError(
            f"standard input begins with {head!r}: neither WAV nor described; for raw samples give --raw-rate "
            "(and --raw-format), for a compressed recording use `vad detect -`"
        )


class _Listening:
    """One session: chunks in, events out."""

    def __init__(self, hearing: Hearing, name: str, options: dict[str, Any]) -> None:
        from vad.cli.meter import Meter

        self._hearing, self._name = hearing, name
        self._is_json, self._posteriors = options["form"] == "jsonl", options["posteriors"]
        self._folder: Path | None = options["save"]
        self._meter = Meter(hearing.rule.onset_threshold)
        self._rate = hearing.detector.sample_rate
        self._speech_since: float | None = None
        self._n_segments = self._n_saved = self._n_samples = 0
        self._failure: VadError | None = None

    def run(self, chunks: Iterator[NDArray[np.float32]], sample_rate: int) -> None:
        """Listens until the chunks end or Ctrl-C is pressed."""
        from vad.cli.interruption import Interruption
        from vad.errors import AudioError

        keep = "none" if self._folder is None else "segment"
        stream = self._hearing.detector.stream(sample_rate, rule=self._hearing.rule, keep_audio=keep)
        with Interruption() as interruption:
            self._tell("listening", source=self._name, model=self._hearing.detector.artifact.digest,
                       rule=self._hearing.rule.to_dict())  # fmt: skip
            try:
                for chunk in interruption.guard(chunks):
                    self._hear(stream.push(chunk))
                    if self._failure is not None:
                        break
            except AudioError as error:
                self._failure = error
            self._hear(stream.flush())
            self._meter.clear()
            self._tell("done", duration=round(self._n_samples / self._rate, 6), segments=self._n_segments)
        if self._failure is not None:
            raise self._failure

    def _hear(self, output: StreamOutput) -> None:
        self._n_samples += len(output.samples)
        if self._posteriors and len(output.posteriors):
            grid = self._hearing.detector.metadata.features.grid
            times = grid.times(len(output.posteriors), output.first_frame)
            values = [round(value, 4) for value in output.posteriors.tolist()]
            self._tell("posteriors", time=float(times[0]), hop=grid.hop_length / grid.sample_rate, values=values)
        for event in output.events:
            self._tell_event(event)
        self._meter.hear(output.samples, output.posteriors, self._rate)
        self._meter.draw(self._n_samples / self._rate, self._speech_since, self._n_segments)

    def _tell_event(self, event: Event) -> None:
        from vad.stream import Misfire, SpeechEnd, SpeechStart

        if isinstance(event, SpeechStart):
            self._speech_since = event.start
            self._tell("speech_start", start=event.start, onset=event.onset, known=event.known)
        elif isinstance(event, SpeechEnd):
            self._speech_since = None
            self._n_segments += 1
            path = self._save(event)
            saved = {} if path is None else {"file": str(path)}
            self._tell("speech_end", start=event.start, end=event.end, offset=event.offset, known=event.known, **saved)
        elif isinstance(event, Misfire):
            self._tell("misfire", start=event.start, end=event.end, known=event.known)

    def _tell(self, event: str, **fields: Any) -> None:
        if self._is_json:
            rounded = {k: round(v, 6) if isinstance(v, float) else v for k, v in fields.items()}
            line = json.dumps({"event": event, **rounded}, ensure_ascii=False)
        elif event == "speech_end":
            line = f"{fields['start']:10.3f} {fields['end']:10.3f}" + (
                f"  {fields['file']}" if "file" in fields else ""
            )
        else:
            return
        self._meter.clear()
        click.echo(line)
        sys.stdout.flush()

    def _save(self, event: SpeechEnd) -> Path | None:
        """Writes a segment under the next number that is free: an earlier session loses nothing.

        Where that fails, what was said is still told, and the session ends.
        """
        import soundfile

        from vad.errors import cannot_write
        from vad.files import replacing

        if self._folder is None or self._failure is not None:
            return None
        self._n_saved += 1
        while (path := self._folder / _file_name(self._n_saved)).exists():
            self._n_saved += 1
        try:
            with replacing(path) as temporary:
                soundfile.write(temporary, event.audio, self._rate, subtype="PCM_16")
        except (OSError, soundfile.LibsndfileError) as error:
            self._failure = cannot_write(path, error)
            return None
        return path
