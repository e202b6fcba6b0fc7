"""`vad benchmark`: how fast, how soon and in how much memory, on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vad.cli.model_option import model_option

if TYPE_CHECKING:
    from vad.benchmark import Benchmark, EngineRow, Spread

# Named here too, so that `vad benchmark --help` loads nothing; a test compares them.
_PEERS = ("silero", "webrtc")


def _names(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names between commas, each one of a list, in the order given."""
    names = [] if value is None else [name.strip() for name in value.split(",")]
    for name in names:
        if name not in _PEERS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(_PEERS)}.", ctx, param)
    return tuple(dict.fromkeys(names))


@click.command()
@click.argument("recording", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@model_option()
@click.option("--against", callback=_names, metavar="NAMES", help=f"Others beside it, of {','.join(_PEERS)}.")
@click.option("--minutes", type=click.FloatRange(0.01), default=60.0, show_default=True,
              help="Length of the generated recording, where none is given.")  # fmt: skip
@click.option("--repeats", type=click.IntRange(1), default=5, show_default=True, help="Of every measurement.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    recording: Path | None, model: Path | None, against: tuple[str, ...], minutes: float, repeats: int, form: str
) -> None:
    """Measure the speed, the start-up and the memory of detection on this machine.

    Detectors listen to RECORDING as whole processes on one core, from start to exit, taking turns; without RECORDING
    they listen to an hour of generated sound (115 MB in the temporary directory). Medians are shown, with the least
    and the most of the repeats. Other programs that keep the machine busy spoil the figures.
    """
    from tempfile import TemporaryDirectory

    from vad.benchmark import run_benchmark, write_sound

    with TemporaryDirectory(prefix="vad-benchmark-") as folder:
        if recording is None:
            recording = Path(folder) / "generated.wav"
            write_sound(recording, 60 * minutes)
        result = run_benchmark(recording, model=model, against=against, repeats=repeats, progress=_tell)
    click.echo(json.dumps(result.to_dict(), indent=2) if form == "json" else "\n".join(tables(result)))


def _tell(what: str) -> None:
    click.echo(f"vad: measuring {what}", err=True)


def tables(result: Benchmark) -> list[str]:
    """Returns the lines that show a benchmark."""
    cores = "one core" if result.is_pinned else "one thread"
    lines = [str(result.machine), f"model {result.model}, sha256 {result.model_digest[:12]}, {result.repeats} repeats"]
    lines += [
        "",
        f"{result.recording}, {result.duration_s:g} s: whole processes on {cores}, decoding and start included",
    ]
    lines += _table(
        ["", "time, s", "real-time factor", "× real time", "peak, MB", "time / vad"], map(_cells, result.engines)
    )
    lines += ["", "starts"]
    lines += _table(["", "time, s"], ([row.command, _shown(row.wall_s, 3)] for row in result.starts))
    lines += ["", "calls of the model"]
    head = ["", "frames", "call from Python, µs", "a frame, µs", "inside LiteRT, µs"]
    rows = (
        [
            row.signature,
            str(row.frames),
            _shown(row.call_us, 1),
            f"{row.call_us.median / row.frames:.2f}",
            "-" if row.litert_us is None else _shown(row.litert_us, 1),
        ]
        for row in result.steps
    )
    return lines + _table(head, rows)


def _cells(row: EngineRow) -> list[str]:
    return [
        row.name,
        _shown(row.wall_s, 2),
        f"{row.real_time_factor.median:.5f}",
        f"{1 / row.real_time_factor.median:.0f}",
        "-" if row.peak_mb is None else f"{row.peak_mb.median:.0f}",
        _shown(row.ratio, 2),
    ]


def _shown(spread: Spread, digits: int) -> str:
    """Median with the least and the most."""
    return f"{spread.median:.{digits}f} [{spread.least:.{digits}f}, {spread.most:.{digits}f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
