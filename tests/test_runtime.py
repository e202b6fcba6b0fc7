"""Laws of the runtime: state outside, any grouping of frames gives the same bits, threads never meet."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.artifact import load_artifact
from vad.errors import ModelError, NonFiniteError, ShapeError
from vad.runtime import Session

HOP, WIN = 160, 512


@pytest.fixture(scope="module")
def session(energy_artifact) -> Session:
    return Session(load_artifact(energy_artifact))


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    """Four seconds of noise whose level goes up and down, with digital silence in between."""
    rng = np.random.default_rng(3)
    level = 10 ** rng.uniform(-4, -0.5, 40).repeat(1600)
    samples = rng.normal(0, 1, level.size) * level
    samples[20000:24000] = 0
    return samples.astype(np.float32)


def frame_by_frame(session: Session, audio: np.ndarray) -> np.ndarray:
    state, values = session.new_state(), []
    for at in range(0, len(audio) - WIN + 1, HOP):
        value, state = session.advance(audio[at : at + WIN], state)
        values.append(value)
    return np.concatenate(values)


@settings(deadline=None, max_examples=20)
@given(cuts=st.lists(st.integers(0, 397), max_size=8))
def test_any_grouping_of_frames_gives_the_same_bits(session, audio, cuts):
    whole, end = session.advance(audio, session.new_state())
    assert whole.shape == (397,)
    assert whole.dtype == np.float32
    edges = [0, *sorted(cuts), 397]
    state, parts = session.new_state(), []
    for first, stop in itertools.pairwise(edges):
        part, state = session.advance(audio[first * HOP : (stop - 1) * HOP + WIN if stop > first else 0], state)
        parts.append(part)
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    for name, value in end.items():
        np.testing.assert_array_equal(state[name], value)


def test_one_frame_a_call_gives_the_same_bits(session, audio):
    np.testing.assert_array_equal(frame_by_frame(session, audio), session.advance(audio, session.new_state())[0])


def test_a_call_leaves_its_arguments_alone(session, audio):
    state, before = session.new_state(), audio.copy()
    first, after = session.advance(audio, state)
    session.advance(audio, after)
    np.testing.assert_array_equal(audio, before)
    assert all(not value.any() for value in state.values())
    np.testing.assert_array_equal(session.advance(audio, state)[0], first)


def test_less_than_a_frame_gives_nothing(session):
    state = session.new_state()
    posteriors, after = session.advance(np.zeros(WIN - 1, np.float32), state)
    assert posteriors.shape == (0,)
    assert after is state


def test_threads_and_streams_never_meet(session, audio):
    """Eight threads, each with a stream of its own audio in small steps, through one session."""
    inputs = [np.roll(audio, 4000 * i) for i in range(8)]
    alone = [session.advance(samples, session.new_state())[0] for samples in inputs]
    found: list[np.ndarray | None] = [None] * 8
    together = threading.Barrier(8)

    def run(i: int) -> None:
        together.wait()
        found[i] = frame_by_frame(session, inputs[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for value, expected in zip(found, alone, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_samples_without_a_finite_posterior_are_refused(session, audio, bad):
    samples = audio.copy()
    samples[700] = bad
    with pytest.raises(NonFiniteError):
        session.advance(samples, session.new_state())
    assert np.isfinite(session.advance(audio, session.new_state())[0]).all()


def test_other_arrays_are_refused(session):
    with pytest.raises(ShapeError):
        session.advance(np.zeros((1, WIN), np.float32), session.new_state())
    with pytest.raises(ShapeError):
        session.advance(np.zeros(WIN, np.int16), session.new_state())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signatures": {"audio_1": 1, "audio_7": 7}}, "wanted the signature 'audio_7'"),
        ({"signatures": {"audio_1": 1, "audio_32": 16}}, r"wanted audio as float32 \(1, 2912\), found"),
        ({"states": {"h_0": (1, 16)}}, "wanted the inputs"),
        ({"states": {"h_0": (1, 8), "c_0": (1, 16), "h_1": (1, 16), "c_1": (1, 16)}}, "wanted h_0"),
    ],
)
def test_metadata_that_does_not_fit_the_graph_is_refused(energy_artifact, change, message):
    artifact = load_artifact(energy_artifact)
    wrong = dataclasses.replace(artifact, metadata=dataclasses.replace(artifact.metadata, **change))
    with pytest.raises(ModelError, match=message):
        Session(wrong)


def test_a_damaged_graph_is_refused(energy_artifact):
    artifact = load_artifact(energy_artifact)
    broken = dataclasses.replace(artifact, flatbuffer=artifact.flatbuffer[:8] + b"\xff" * 64)
    with pytest.raises(ModelError, match="LiteRT cannot run the model"):
        Session(broken)


def test_standard_error_stays_clean(energy_artifact):
    """LiteRT's banner is kept off, what others write meanwhile is not; a closed standard error does no harm."""
    program = """
import os, sys
from pathlib import Path
from vad import runtime
from vad.artifact import load_artifact
artifact = load_artifact(Path(sys.argv[1]))
with runtime._without_banner():
    os.write(2, b"kept\\n")
runtime.Session(artifact)
os.close(2)
runtime.Session(artifact)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(energy_artifact)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "kept\n")
