"""Every port's stream gives the model the right windows, puts its posteriors in their places, and tells in samples."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from vad.decision import DecisionRule
from vad.frames import FrameGrid

GRID = FrameGrid()
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("chunk", [97, 160, 20000])
def test_a_stream_tells_what_is_stored(
    stream_driver: list[str], ask: Any, reference: Any, stored_recording: Any, repository: Any, chunk: int
) -> None:
    """Posteriors as they are stored: windows, look-ahead and decision, to the events and when they are known."""
    posteriors, events = stored_recording
    fields = json.loads((repository / "tests" / "vectors" / "recording.json").read_text(encoding="utf-8"))
    rule, lookahead = DecisionRule.from_dict(fields["rule"]), fields["lookahead_frames"]
    (told,) = ask(stream_driver, [("stream", rule, lookahead, chunk, reference.samples, posteriors)])
    np.testing.assert_array_equal(told.floats, posteriors)
    assert told.events == events


def test_misfires_and_short_recordings(stream_driver: list[str], ask: Any, vectors: ModuleType) -> None:
    """Look-aheads and lengths at their edges, with events of every kind."""
    rng = np.random.default_rng(5)
    commands, wanted = [], []
    for lookahead, n_samples in ((0, 0), (4, 0), (0, 511), (4, 512), (7, 671), (0, 672), (4, 40000), (11, 52345)):
        samples = rng.integers(-9000, 9000, n_samples).astype(np.int16)
        posteriors = vectors.random_posteriors(rng, GRID.count(n_samples))
        rule = DecisionRule(0.6, 0.4, min_speech_s=0.05, min_silence_s=0.02, pad_start_s=0.03)
        commands.append(("stream", rule, lookahead, 160, samples, posteriors))
        wanted.append([event[:-1] for event in vectors.decision_events((rule, n_samples, posteriors))])
    told = ask(stream_driver, commands)
    for command, found, events in zip(commands, told, wanted, strict=True):
        np.testing.assert_array_equal(found.floats, command[-1])
        assert [event[:-1] for event in found.events] == events
    assert {event[0] for events in wanted for event in events} == {"start", "end", "misfire"}


@pytest.mark.parametrize("fault", [(), ("nan",)])
def test_in_c_an_error_ends_a_recording_and_spares_the_next(
    bundle: Path, compiler: str, tmp_path: Path, fault: tuple[str, ...]
) -> None:
    program = tmp_path / "broken"
    files = [HERE / "broken_driver.c", bundle / "c" / "vad.c", f"-I{bundle / 'c'}"]
    subprocess.run([compiler, *WARNINGS, *SANITIZERS, *map(str, files), "-lm", "-o", str(program)], check=True)
    done = subprocess.run([str(program), *fault], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    code = -1 if fault else -3
    # Speech was told to begin before the error; no end of it is made up, and nothing of it is left for what follows.
    told = ["event 0 0", f"push {code}", f"push {code}", f"flush {code}", "push 0", "flush 0"]
    assert done.stdout.splitlines() == told


def test_in_javascript_an_error_ends_a_recording_and_spares_the_next(bundle: Path, node: str) -> None:
    command = [node, str(HERE / "broken_driver.js"), str(bundle / "web")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # States are LiteRT's memory: all are given back.
    assert done.stdout.splitlines() == ["push start", "push error", "flush error", "push", "flush", "states 0"]
