"""All measurements in one run, and what they come to."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vad.audio import read_info
from vad.benchmark.engines import Engine, peer_engine, vad_engine
from vad.benchmark.machine import Machine, describe_machine
from vad.benchmark.processes import Measured, measure_process, one_core
from vad.benchmark.sound import write_sound
from vad.benchmark.steps import StepTime, time_steps
from vad.benchmark.summary import Spread
from vad.detector import Detector

SHORT_S = 10.0
"""Length of the recording that stands for a short one, in seconds."""


@dataclass(frozen=True, slots=True)
class EngineRow:
    """A detector on the recording, as a whole process on one core.

    Args:
        name: of the detector.
        wall_s: from start to exit.
        cpu_s: processor time; None where the system does not tell.
        peak_mb: most memory at a time, in MB of 1e6 bytes; None where the system does not tell.
        real_time_factor: time over length of the recording.
        ratio: time over this package's in the same turn; 1 for itself.
    """

    name: str
    wall_s: Spread
    cpu_s: Spread | None
    peak_mb: Spread | None
    real_time_factor: Spread
    ratio: Spread


@dataclass(frozen=True, slots=True)
class StartRow:
    """A command that has little to do.

    Args:
        command: as a user types it.
        wall_s: from start to exit.
    """

    command: str
    wall_s: Spread


@dataclass(frozen=True)
class Benchmark:
    """What was measured.

    Args:
        machine: on what.
        model: name of the artifact.
        model_digest: SHA-256 of its flatbuffer.
        repeats: how often everything was measured.
        recording: name of the recording.
        duration_s: its length.
        is_pinned: whether processes were kept on one core.
        engines: this package's detector first.
        starts: short commands.
        steps: calls of the model, from the fewest frames.
    """

    machine: Machine
    model: str
    model_digest: str
    repeats: int
    recording: str
    duration_s: float
    is_pinned: bool
    engines: tuple[EngineRow, ...]
    starts: tuple[StartRow, ...]
    steps: tuple[StepTime, ...]

    def to_dict(self) -> dict[str, Any]:
        """Returns the same as JSON takes it; every spread is median, least, most."""
        return dataclasses.asdict(self)


def run_benchmark(
    recording: Path,
    *,
    model: Path | None = None,
    against: Sequence[str] = (),
    repeats: int = 5,
    progress: Callable[[str], None] = lambda what: None,
) -> Benchmark:
    """Measures everything.

    Args:
        recording: what the detectors listen to.
        model: a `.tflite`; None is the model of the package.
        against: names of other detectors.
        repeats: of each measurement.
        progress: told what comes next.

    Raises:
        ConfigError: when there is no detector of a name.
        AudioError: when the recording cannot be read.
        VadError: when a command fails; the message has its last words.
    """
    engines = [vad_engine(model), *(peer_engine(name) for name in against)]
    info = read_info(recording)
    with one_core() as is_pinned:
        turns = take_turns([engine.on(recording) for engine in engines], repeats, progress)
        starts = _time_starts(engines[0], repeats, progress)
        progress("calls of the model")
        artifact = Detector(model).artifact
        steps = time_steps(artifact, repeats)
    return Benchmark(
        machine=describe_machine(),
        model=Path(artifact.name).name,
        model_digest=artifact.digest,
        repeats=repeats,
        recording=recording.name,
        duration_s=info.duration_s,
        is_pinned=is_pinned,
        engines=tuple(_row(engine.name, turns, i, info.duration_s) for i, engine in enumerate(engines)),
        starts=starts,
        steps=tuple(steps),
    )


def take_turns(
    commands: Sequence[Sequence[str]], repeats: int, progress: Callable[[str], None]
) -> list[list[Measured]]:
    """Measures commands turn by turn, so that what disturbs the machine disturbs all; the first turn is thrown away.

    Args:
        commands: what to measure.
        repeats: turns that count.
        progress: told of each.

    Returns:
        A row of all commands for each turn.
    """
    turns = []
    for turn in range(repeats + 1):
        progress("the recording, once to warm up" if turn == 0 else f"the recording, {turn} of {repeats}")
        # The first of a turn may find the machine otherwise than the last: every second turn goes backwards.
        order = range(len(commands)) if turn % 2 else reversed(range(len(commands)))
        measured = {i: measure_process(commands[i]) for i in order}
        turns.append([measured[i] for i in range(len(commands))])
    return turns[1:]


def _time_starts(engine: Engine, repeats: int, progress: Callable[[str], None]) -> tuple[StartRow, ...]:
    with TemporaryDirectory(prefix="vad-benchmark-") as folder:
        short = Path(folder) / "short.wav"
        write_sound(short, SHORT_S)
        turns = take_turns(
            [(sys.executable, "-m", "vad", "--help"), engine.on(short)], repeats, lambda what: progress("starts")
        )
    names = ("vad --help", f"vad detect, {SHORT_S:g} s")
    return tuple(StartRow(name, Spread.of([turn[i].wall_s for turn in turns])) for i, name in enumerate(names))


def _row(name: str, turns: list[list[Measured]], i: int, duration_s: float) -> EngineRow:
    wall = Spread.of([turn[i].wall_s for turn in turns])
    cpu = [turn[i].cpu_s for turn in turns]
    peaks = [turn[i].peak_bytes for turn in turns]
    return EngineRow(
        name=name,
        wall_s=wall,
        cpu_s=Spread.of([value for value in cpu if value is not None]) if None not in cpu else None,
        peak_mb=Spread.of([value / 1e6 for value in peaks if value is not None]) if None not in peaks else None,
        real_time_factor=wall.scaled(1 / duration_s),
        ratio=Spread.of([turn[i].wall_s / max(turn[0].wall_s, math.ulp(1.0)) for turn in turns]),
    )
