"""How fast, how soon and in how much memory: what ``vad benchmark`` measures on the machine at hand.

Recordings are timed as whole processes on one core, from start to exit, decoding included; other detectors likewise,
turn by turn in the same run. The time of one call is taken in this process.
"""

from __future__ import annotations

from vad.benchmark.engines import PEERS, Engine, peer_engine, vad_engine
from vad.benchmark.machine import Machine, describe_machine
from vad.benchmark.processes import Measured, measure_process, one_core
from vad.benchmark.report import Benchmark, EngineRow, StartRow, run_benchmark, take_turns
from vad.benchmark.sound import write_sound
from vad.benchmark.steps import StepTime, time_steps
from vad.benchmark.summary import Spread

__all__ = [
    "PEERS",
    "Benchmark",
    "Engine",
    "EngineRow",
    "Machine",
    "Measured",
    "Spread",
    "StartRow",
    "StepTime",
    "describe_machine",
    "measure_process",
    "one_core",
    "peer_engine",
    "run_benchmark",
    "take_turns",
    "time_steps",
    "vad_engine",
    "write_sound",
]
