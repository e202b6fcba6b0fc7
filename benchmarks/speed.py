"""Speed, start-up and memory beside Silero and WebRTC, as whole processes in one run.

    python benchmarks/speed.py --output benchmarks/speed.md

Measures as ``vad benchmark`` does, on an hour of generated sound, and what takes longer besides: other containers,
memory from a minute to ten hours, and files shared out to two processes. Leave the machine alone meanwhile.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import soundfile

from vad.benchmark import (
    PEERS,
    Benchmark,
    Engine,
    EngineRow,
    Measured,
    Spread,
    measure_process,
    one_core,
    run_benchmark,
    take_turns,
    vad_engine,
    write_sound,
)
from vad.errors import VadError
from vad.files import replacing

HERE = Path(__file__).resolve().parent
RATE = 16000
N_FILES, FILE_S = 8, 600.0
OTHER_FORMATS = {
    "FLAC, 16 kHz mono": ("flac", 16000, 1, "PCM_16"),
    "WAV, 48 kHz stereo": ("wav", 48000, 2, "PCM_16"),
    "Ogg Opus, 16 kHz mono": ("ogg", 16000, 1, "OPUS"),
    "MP3, 44.1 kHz stereo": ("mp3", 44100, 2, "MPEG_LAYER_III"),
}


@click.command(context_settings={"show_default": True})
@click.option("--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else the packaged one.")
@click.option("--against", default=",".join(PEERS), help="Other detectors, between commas.")
@click.option("--minutes", type=click.FloatRange(min=0.1), default=60.0, help="Of the generated recording.")
@click.option("--repeats", type=click.IntRange(1), default=7, help="Of every measurement of time.")
@click.option("--lengths", default="0.0167,0.1667,1,10", help="Hours of the recordings that memory is measured on.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(model: Path | None, against: str, minutes: float, repeats: int, lengths: str, output: Path | None) -> None:
    """Measures, and writes the page."""
    hours = [float(text) for text in lengths.split(",")]
    try:
        with TemporaryDirectory(prefix="vad-speed-") as folder:
            recording = Path(folder) / "generated.wav"
            write_sound(recording, 60 * minutes)
            result = run_benchmark(
                recording, model=model, against=[n for n in against.split(",") if n], repeats=repeats, progress=_tell
            )
            engine = vad_engine(model)
            formats = other_formats(engine, recording, repeats)
            memory = [(h, peak_of_file(engine, h, Path(folder)), peak_of_pipe(engine, h)) for h in hours]
            jobs = two_jobs(engine, Path(folder), repeats)
    except VadError as error:
        raise click.ClickException(str(error)) from error
    text = page(result, formats, memory, jobs)
    if output is None:
        click.echo(text)
        return
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _tell(what: str) -> None:
    click.echo(f"measuring {what}", err=True)


def other_formats(engine: Engine, recording: Path, repeats: int) -> dict[str, Spread]:
    """Returns the time of ten minutes in other containers and rates, by their names."""
    sound, _ = soundfile.read(recording, dtype="int16", frames=int(FILE_S * RATE))
    paths = []
    for suffix, rate, channels, subtype in OTHER_FORMATS.values():
        path = recording.with_name(f"other-{len(paths)}.{suffix}")
        # Not resampled well, but as much to decode and to resample as a recording of that rate.
        wide = np.repeat(sound, -(-rate // RATE))[: round(len(sound) * rate / RATE)]
        with soundfile.SoundFile(path, "w", rate, channels, subtype) as file:
            for start in range(0, len(wide), rate):
                file.write(np.tile(wide[start : start + rate, np.newaxis], (1, channels)))
        paths.append(path)
    with one_core():
        turns = take_turns([engine.on(path) for path in paths], repeats, lambda what: _tell("other formats"))
    return {name: Spread.of([turn[i].wall_s for turn in turns]) for i, name in enumerate(OTHER_FORMATS)}


def peak_of_file(engine: Engine, hours: float, folder: Path) -> Measured:
    """Measures a WAV file of many hours; it is silent and sparse, and takes no room on the disk."""
    _tell(f"the memory for {hours:g} h")
    path = folder / "long.wav"
    write_sound(path, 1.0)
    header = bytearray(path.read_bytes()[:44])
    n_bytes = round(hours * 3600 * RATE) * 2
    header[4:8] = (36 + n_bytes).to_bytes(4, "little")
    header[40:44] = n_bytes.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + n_bytes)
    measured = measure_process(engine.on(path))
    path.unlink()
    return measured


def peak_of_pipe(engine: Engine, hours: float) -> Measured:
    """Measures headerless samples of many hours from a pipe, noise and bursts."""
    with feeding(round(hours * 3600 * RATE)) as stdin:
        return measure_process((*engine.command, "--raw-rate", str(RATE), "-"), stdin=stdin)


@contextmanager
def feeding(n_samples: int) -> Iterator[int]:
    """Gives the end of a pipe from which so many samples of 16 bits can be read."""
    rng = np.random.default_rng(0)
    level = np.repeat(rng.choice([30, 3000], 60), RATE)
    minute = np.rint(rng.normal(0, 1, len(level)) * level).clip(-32768, 32767).astype("<i2").tobytes()
    source, sink = os.pipe()

    def write() -> None:
        left = 2 * n_samples
        with os.fdopen(sink, "wb", buffering=0) as file:
            while left > 0:
                part = memoryview(minute)[: min(left, len(minute))]
                left -= len(part)
                while part:
                    part = part[file.write(part) :]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield source
    finally:
        os.close(source)
        writer.join()


def two_jobs(engine: Engine, folder: Path, repeats: int) -> tuple[Spread, Spread]:
    """Returns the time of several files with one and with two processes."""
    corpus = folder / "files"
    corpus.mkdir()
    for i in range(N_FILES):
        write_sound(corpus / f"{i}.wav", FILE_S)
    commands = [(*engine.command, "--jobs", str(n), str(corpus)) for n in (1, 2)]
    turns = take_turns(commands, repeats, lambda what: _tell("one and two processes"))
    one, two = ([turn[i].wall_s for turn in turns] for i in (0, 1))
    return Spread.of(two), Spread.of([a / b for a, b in zip(one, two, strict=True)])


def page(
    result: Benchmark,
    formats: dict[str, Spread],
    memory: list[tuple[float, Measured, Measured]],
    jobs: tuple[Spread, Spread],
) -> str:
    """Returns the Markdown page."""
    machine, _, packages = str(result.machine).partition("\n")
    lines = ["# Speed, start-up and memory", "", f"    python {' '.join(_shown_arguments(sys.argv))}", ""]
    lines += [f"{machine}. {packages}.", ""]
    lines += [
        f"Model {result.model}, sha256 {result.model_digest[:16]}. Medians of {result.repeats} repeats, in brackets"
    ]
    lines += [
        "the least and the most. Processes run from start to exit, in turns, each the other way round than the one"
    ]
    lines += ["before; time / vad is the median of the ratios within the turns.", ""]
    cores = "one core" if result.is_pinned else "one thread"
    lines += [f"## {result.duration_s / 60:g} minutes of WAV, 16 kHz mono, in the page cache, on {cores}", ""]
    head = ["", "time, s", "processor, s", "real-time factor", "× real time", "peak, MB", "time / vad"]
    lines += _table(head, (_engine_cells(row) for row in result.engines))
    lines += [
        "Silero: its ONNX model, 512 samples a call. WebRTC: mode 2, windows of 30 ms, the longest it takes. Both"
    ]
    lines += ["decode as `vad detect` does, and import neither torch nor anything else they do not need.", ""]
    lines += [f"## Ten minutes in other containers, `vad detect`, on {cores}", ""]
    lines += _table(["", "time, s"], ([name, _shown(spread, 3)] for name, spread in formats.items()))
    lines += ["## Starts", ""]
    lines += _table(["", "time, s"], ([row.command, _shown(row.wall_s, 3)] for row in result.starts))
    lines += ["## Calls of the model", ""]
    rows = (
        [r.signature, str(r.frames), _shown(r.call_us, 1), f"{r.call_us.median / r.frames:.2f}",
         "-" if r.litert_us is None else _shown(r.litert_us, 1)] for r in result.steps
    )  # fmt: skip
    lines += _table(["", "frames", "call from Python, µs", "a frame, µs", "inside LiteRT, µs"], rows)
    lines += ["## Memory by length", ""]
    lines += _table(["", "file, peak MB", "pipe, peak MB", "file, s", "pipe, s"], map(_memory_cells, memory))
    two, ratio = jobs
    lines += [f"## {N_FILES} files of ten minutes", ""]
    lines += [f"`--jobs 2` takes {_shown(two, 2)} s, and `--jobs 1` {_shown(ratio, 2)} times as long.", ""]
    return "\n".join(lines)


def _engine_cells(row: EngineRow) -> list[str]:
    return [
        row.name,
        _shown(row.wall_s, 2),
        "-" if row.cpu_s is None else _shown(row.cpu_s, 2),
        f"{row.real_time_factor.median:.5f}",
        f"{1 / row.real_time_factor.median:,.0f}",
        "-" if row.peak_mb is None else f"{row.peak_mb.median:.0f}",
        _shown(row.ratio, 2),
    ]


def _memory_cells(row: tuple[float, Measured, Measured]) -> list[str]:
    hours, file, pipe = row
    name = f"{60 * hours:.0f} min" if hours < 1 else f"{hours:g} h"
    peaks = ["-" if m.peak_bytes is None else f"{m.peak_bytes / 1e6:.1f}" for m in (file, pipe)]
    return [name, *peaks, f"{file.wall_s:.2f}", f"{pipe.wall_s:.2f}"]


def _shown(spread: Spread, digits: int) -> str:
    return f"{spread.median:.{digits}f} [{spread.least:.{digits}f}, {spread.most:.{digits}f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [*(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)), ""]


def _shown_arguments(arguments: list[str]) -> list[str]:
    """The command line with paths as they are seen from the repository, and none of this machine's."""
    here = str(HERE.parent)
    return [a.replace(f"{here}/", "") if a.startswith(here) else Path(a).name if a[:1] == "/" else a for a in arguments]


if __name__ == "__main__":
    main()
