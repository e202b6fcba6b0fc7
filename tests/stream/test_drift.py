"""Laws of hours: what a stream heard before the last speech of some length leaves nothing behind.

Cell states may be counters, that grow under a steady sound until speech clears them, and a voice after digital silence
or a tone need not be judged as a voice after a voice, after an hour as after minutes. So an hour is held to what came
since its last speech, and to a stream that begins with the recording where that speech lies right before.
"""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from vad.detector import Detector
from vad.runtime import Session
from vad.segments import Segment
from vad.stream import Stream

RATE, HOP = 16000, 160
MINUTE = 60 * RATE
WARM_UP = 200  # frames, 2 s
SINCE_SPEECH = 4  # minutes since the recording, in `mixed`
KINDS = ("noise", "silence", "tone", "recording")
# Measured over two seeds and all endings: 0.032 and 0.00005 right after; 0.0002 and 0.000005 when heard once more.
RIGHT_AFTER = (0.1, 0.0002)
ONCE_MORE = (0.001, 0.00002)
# Measured 0.093 and 0.0022 against a stream that begins with the recording, where an offset lies three frames later;
# the leak below reaches 0.98 and 0.16.
AGAINST_THE_FIRST = (0.2, 0.005)
FRAMES_AGAINST_THE_FIRST = 5


@pytest.fixture(scope="module")
def detector(repository) -> Detector:
    return Detector(repository / "vad" / "weights" / "vad.tflite")


@pytest.fixture(scope="module")
def recording(repository) -> np.ndarray:
    samples, rate = soundfile.read(repository / "examples" / "recording.wav", dtype="float32")
    assert (rate, len(samples) % HOP) == (RATE, 0)
    return samples


def minute(kind: str, recording: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if kind == "noise":
        return (rng.normal(0, 1, MINUTE) * 10 ** rng.uniform(-3, -1)).astype(np.float32)
    if kind == "tone":
        return (0.1 * np.sin(2 * np.pi * rng.uniform(100, 4000) / RATE * np.arange(MINUTE))).astype(np.float32)
    return np.zeros(MINUTE, np.float32) if kind == "silence" else np.resize(recording, MINUTE)


def mixed(minutes: int, ending: str, recording: np.ndarray) -> list[np.ndarray]:
    """Minutes of everything in turn, the last one of a given kind."""
    rng = np.random.default_rng(0)
    return [minute(KINDS[i % 4] if i < minutes - 1 else ending, recording, rng) for i in range(minutes)]


def heard(stream: Stream, recording: np.ndarray, between: list[np.ndarray]):
    """The hearings of the recording at the start, after what lies between and once more: posteriors and segments."""
    posteriors, segments, starts = [], [], []
    for part in (recording, *between, recording, recording):
        if part is recording:
            starts.append(stream.n_samples)
        # A second at a time, as live audio comes.
        for at in range(0, len(part), RATE):
            output = stream.push(part[at : at + RATE])
            posteriors.append(output.posteriors)
            segments += output.segments
    output = stream.flush()
    posteriors, segments = np.concatenate([*posteriors, output.posteriors]), segments + output.segments
    # Frames that lie wholly in the recording.
    n = len(recording) // HOP - 3
    return [
        (posteriors[start // HOP : start // HOP + n], within(segments, start / RATE, len(recording) / RATE))
        for start in starts
    ]


def within(segments: list[Segment], start: float, length: float) -> np.ndarray:
    """Segments of a hearing that begin after the warm-up and end before it does."""
    first, last = start + WARM_UP * HOP / RATE, start + length - 0.1
    return np.array([[s.start - start, s.end - start] for s in segments if s.start >= first and s.end <= last])


def agree(one, other, bounds: tuple[float, float]) -> bool:
    apart = np.abs(one[0] - other[0])[WARM_UP:]
    return bool(apart.max() <= bounds[0] and apart.mean() <= bounds[1])


def same_segments(one, other, frames: int = 2) -> bool:
    return one[1].shape == other[1].shape and bool(np.abs(one[1] - other[1]).max() <= (frames + 0.5) * HOP / RATE)


@pytest.mark.parametrize("ending", ["recording", "silence", "tone"])
def test_an_hour_leaves_no_more_behind_than_what_came_since_its_last_speech(detector, recording, ending):
    hour = mixed(60, ending, recording)
    first, after, again = heard(detector.stream(keep_audio="none"), recording, hour)
    _, after_minutes, again_minutes = heard(detector.stream(keep_audio="none"), recording, hour[-SINCE_SPEECH:])
    assert agree(after, after_minutes, RIGHT_AFTER)
    assert agree(again, again_minutes, ONCE_MORE)
    assert same_segments(again, again_minutes)
    if ending == "recording":
        assert agree(after, first, AGAINST_THE_FIRST)
        assert same_segments(after, first, FRAMES_AGAINST_THE_FIRST)
        assert len(first[1]) >= 5


class LeakingSession(Session):
    """A session whose cells forget nothing of a small error a call, as a state that blows up."""

    calls = 0

    def advance(self, samples, state):
        self.calls += 1
        posteriors, state = super().advance(samples, state)
        leak = np.float32(0.01 * self.calls)
        return posteriors, {name: values + leak * name.startswith("c_") for name, values in state.items()}


def test_a_state_that_blows_up_is_noticed(detector, recording):
    session = LeakingSession(detector.artifact)
    stream = Stream(session, sample_rate=RATE, rule=detector.rule, keep_audio="none")
    first, after, _ = heard(stream, recording, mixed(20, "recording", recording))
    assert not agree(after, first, AGAINST_THE_FIRST)
    assert not same_segments(after, first, FRAMES_AGAINST_THE_FIRST)
