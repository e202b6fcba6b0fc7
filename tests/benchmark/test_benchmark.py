"""Laws of the measurements: what is counted, in which order, of whom. No law says how long anything takes."""

from __future__ import annotations

import json
import math
import os
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vad import benchmark
from vad.artifact import load_artifact
from vad.benchmark import Measured, Spread, measure_process, one_core, peer_engine, take_turns, time_steps, write_sound
from vad.benchmark.report import run_benchmark
from vad.cli import main
from vad.cli.benchmark import _PEERS
from vad.errors import ConfigError, VadError


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


def test_a_spread_is_the_median_between_the_least_and_the_most():
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([3.0, 1.0, 2.0]).scaled(10) == Spread(20.0, 10.0, 30.0)


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not tell what a child took")
def test_the_peak_is_the_childs_and_not_the_callers():
    held = np.ones(40_000_000)  # 320 MB, which a child that began as a copy of this process would be given
    small = measure_process(python("pass"))
    large = measure_process(python("b = b'x' * 150_000_000"))
    assert small.peak_bytes < 60e6
    assert 150e6 < large.peak_bytes < 250e6
    assert held[0] == 1


def test_a_process_has_its_times():
    measured = measure_process(python("sum(range(1000))"))
    assert measured.wall_s > 0
    assert measured.cpu_s is None or measured.cpu_s > 0


def test_what_a_process_prints_is_no_measurement():
    assert measure_process(python("print('{}')")).wall_s > 0


def test_a_process_that_fails_is_an_error_with_its_last_words():
    with pytest.raises(VadError, match="ended with 3: first last words"):
        measure_process(python("import sys; sys.stderr.write('first\\nlast words'); sys.exit(3)"))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not keep processes on a core")
def test_one_core_holds_for_children_and_no_longer():
    before = os.sched_getaffinity(0)
    with one_core() as is_pinned:
        assert is_pinned
        measure_process(python("import os, sys; sys.exit(len(os.sched_getaffinity(0)) != 1)"))
    assert os.sched_getaffinity(0) == before


def test_turns_go_back_and_forth_and_the_first_does_not_count(monkeypatch):
    heard: list[str] = []

    def measure(command):
        heard.append(command[0])
        return Measured(float(len(heard)), None, None)

    monkeypatch.setattr("vad.benchmark.report.measure_process", measure)
    turns = take_turns([("a",), ("b",), ("c",)], 2, lambda what: None)
    assert "".join(heard) == "cba" + "abc" + "cba"
    assert [[m.wall_s for m in turn] for turn in turns] == [[4, 5, 6], [9, 8, 7]]


def test_a_misspelt_detector_is_refused():
    with pytest.raises(ConfigError, match=r"no detector is called 'sliero' \(did you mean 'silero'\?\)"):
        peer_engine("sliero")


def test_the_sound_has_its_length_and_is_never_silent(tmp_path):
    path = tmp_path / "sound.wav"
    write_sound(path, 61.5)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16000, 1, round(61.5 * 16000))
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.abs(samples.reshape(-1, 1600).astype(int)).max(axis=1).min() > 0


def test_steps_are_those_of_the_signatures(energy_artifact):
    steps = time_steps(load_artifact(energy_artifact), repeats=2)
    assert [(step.signature, step.frames) for step in steps] == [("audio_1", 1), ("audio_32", 32)]
    assert sum(step.litert_us is not None for step in steps) == 1
    for step in steps:
        spreads = [step.call_us] if step.litert_us is None else [step.call_us, step.litert_us]
        assert all(0 < s.least <= s.median <= s.most for s in spreads)


def test_figures_follow_from_the_measurements(monkeypatch, tmp_path, energy_artifact):
    sound = tmp_path / "ten.wav"
    write_sound(sound, 10.0)
    times = {"webrtc": 0.25, "detect": 0.5, "--help": 0.125}

    def measure(command):
        name = next(name for name in times if name in command)
        return Measured(times[name], times[name] / 2, 70_000_000)

    monkeypatch.setattr("vad.benchmark.report.measure_process", measure)
    result = run_benchmark(sound, model=energy_artifact, against=["webrtc"], repeats=3)
    ours, theirs = result.engines
    assert (ours.name, theirs.name) == ("vad", "webrtc")
    assert (result.duration_s, result.repeats, result.model) == (10.0, 3, "energy.tflite")
    assert (ours.wall_s.median, ours.cpu_s.median, ours.peak_mb.median) == (0.5, 0.25, 70.0)
    assert (ours.real_time_factor.median, theirs.real_time_factor.median) == (0.05, 0.025)
    assert (ours.ratio.median, theirs.ratio.median) == (1.0, 0.5)
    assert [(row.command, row.wall_s.median) for row in result.starts] == [
        ("vad --help", 0.125),
        ("vad detect, 10 s", 0.5),
    ]


@pytest.mark.parametrize("name", ["silero", "webrtc"])
def test_peers_run_as_programs(name, repository):
    """The program ends well, with some of the recording taken for speech."""
    pytest.importorskip({"silero": "onnxruntime", "webrtc": "webrtcvad"}[name])
    if name == "silero":
        from importlib.util import find_spec

        if find_spec("silero_vad") is None:
            pytest.skip("silero-vad is not installed")
    import subprocess

    command = peer_engine(name).on(repository / "examples" / "recording.wav")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 1 < float(done.stdout) < 14


def test_the_command_prints_both_formats(energy_artifact, tmp_path):
    sound = tmp_path / "short.wav"
    write_sound(sound, 2.0)
    arguments = ["benchmark", str(sound), "--model", str(energy_artifact), "--repeats", "1"]
    runner = CliRunner()
    done = runner.invoke(main, [*arguments, "--format", "json"])
    assert done.exit_code == 0, done.output
    fields = json.loads(done.stdout)
    assert fields["recording"] == "short.wav"
    assert [row["name"] for row in fields["engines"]] == ["vad"]
    assert math.isclose(fields["engines"][0]["real_time_factor"]["median"],
                        fields["engines"][0]["wall_s"]["median"] / 2.0)  # fmt: skip
    assert {"Python", "lstm-vad", "numpy", "ai-edge-litert"} <= set(fields["machine"]["versions"])
    done = runner.invoke(main, arguments)
    assert done.exit_code == 0
    for part in ("real-time factor", "audio_32", "vad --help", "inside LiteRT, µs", "energy.tflite"):
        assert part in done.stdout


def test_wrong_usage_is_named(tmp_path):
    runner = CliRunner()
    done = runner.invoke(main, ["benchmark", "--against", "sliero"])
    assert done.exit_code == 2
    assert "'sliero' is none of silero, webrtc" in done.output
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    done = runner.invoke(main, ["benchmark", str(text)])
    assert done.exit_code == 1
    assert "text.wav" in done.output


def test_the_lists_agree():
    assert benchmark.PEERS == _PEERS
    assert Path(benchmark.__file__).with_name("launcher.py").is_file()
