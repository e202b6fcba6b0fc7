"""Laws of live detection: the same events for any chunks, as early as may be, one stream never touching another."""

from __future__ import annotations

import asyncio
import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.decision import DecisionRule
from vad.detector import Detector
from vad.errors import ConfigError, ShapeError
from vad.frames import FrameGrid
from vad.presets import load_preset
from vad.stream import Misfire, PosteriorEvent, SpeechEnd, SpeechStart

GRID = FrameGrid()
RATE = GRID.sample_rate
RULE = DecisionRule(min_speech_s=0.2, min_silence_s=0.3, pad_start_s=0.15, pad_end_s=0.1)


@pytest.fixture(scope="module")
def detector(energy_artifact) -> Detector:
    return Detector(energy_artifact)


@pytest.fixture(scope="module")
def bursts() -> np.ndarray:
    """Faint noise, loud from 1 to 2 s, for 80 ms at 3 s, and from 3.8 to 5 s."""
    samples = np.random.default_rng(1).normal(0, 0.001, 6 * RATE + 77)
    for start, end in ((1.0, 2.0), (3.0, 3.08), (3.8, 5.0)):
        samples[int(start * RATE) : int(end * RATE)] *= 100
    return samples.astype(np.float32)


def cut(samples, sizes):
    at = 0
    for size in itertools.cycle(sizes):
        yield samples[at : at + size]
        at += size
        if at >= len(samples):
            return


def facts(event):
    """An event without its audio."""
    return type(event), event.start, event.end if hasattr(event, "end") else event.onset, event.known


def test_a_recording_is_told_in_order(detector, bursts):
    events = list(detector.stream(rule=RULE).events(cut(bursts, [160])))
    assert [type(event) for event in events] == [SpeechStart, SpeechEnd, Misfire, SpeechStart, SpeechEnd]
    first, end, misfire, second, _ = events
    assert first.start == pytest.approx(first.onset - 0.15)
    assert first.onset == pytest.approx(1.0, abs=0.1)
    assert end.end == pytest.approx(end.offset + 0.1)
    assert 0 < misfire.end - misfire.start < RULE.min_speech_s
    assert second.onset > misfire.known


@settings(deadline=None, max_examples=20)
@given(
    sizes=st.lists(st.integers(1, 20000), min_size=1, max_size=5), keep=st.sampled_from(["none", "start", "segment"])
)
def test_any_chunks_give_the_same_events(detector, bursts, sizes, keep):
    stream = detector.stream(rule=RULE, keep_audio=keep)
    whole = list(detector.stream(rule=RULE).events([bursts]))
    for _ in range(2):  # a flushed stream is as new
        found = list(stream.events(cut(bursts, sizes)))
        assert [facts(event) for event in found] == [facts(event) for event in whole]
        assert [e.segment for e in found if isinstance(e, SpeechEnd)] == list(detector.detect(bursts, rule=RULE))


def test_events_come_with_the_sample_that_makes_them_certain(detector, bursts):
    stream = detector.stream(rule=RULE)
    taken = 0
    for chunk in cut(bursts, [1]):
        taken += len(chunk)
        for event in stream.push(chunk).events:
            assert event.known == taken / RATE


def test_the_stated_delays_are_kept(detector, bursts):
    """min_speech after the onset, min_silence after the end, and what the model looks ahead on top."""
    first, end, *_ = detector.stream(rule=RULE).events([bursts])
    ahead = (GRID.samples_for(1 + detector.metadata.lookahead_frames) - GRID.boundary(1)) / RATE
    assert first.known - first.onset == pytest.approx(RULE.min_speech_s + ahead)
    assert end.known - end.offset == pytest.approx(RULE.min_silence_s + ahead)


def test_the_live_preset_waits_for_its_silence_alone(detector, bursts):
    rule = load_preset("live").apply(detector.rule)
    assert rule.pad_start_s + rule.pad_end_s < rule.min_silence_s
    _, end, *_ = detector.stream(rule=rule).events([bursts])
    assert end.known - end.offset < rule.min_silence_s + 0.06


@pytest.mark.parametrize("size", [77, 1600, 96077])
def test_start_and_what_follows_are_seamless(detector, bursts, size):
    stream = detector.stream(rule=RULE)
    heard, since = np.zeros(0, np.float32), None
    outputs = [stream.push(chunk) for chunk in cut(bursts, [size])] + [stream.flush()]
    for output in outputs:
        if since is not None:
            heard = np.concatenate([heard, output.samples])
        starts = [event for event in output.events if isinstance(event, SpeechStart)]
        if starts and since is None:
            since, heard = starts[0].start, starts[0].audio
    np.testing.assert_array_equal(heard, bursts[round(since * RATE) :])


@pytest.mark.parametrize("limit", [None, 0.95])
def test_a_segment_comes_with_its_audio(detector, bursts, limit):
    rule = RULE.replace({"max_speech_s": limit})
    ends = [
        event
        for event in detector.stream(rule=rule, keep_audio="segment").events(cut(bursts, [333]))
        if isinstance(event, SpeechEnd)
    ]
    assert len(ends) >= (2 if limit is None else 4)
    for event in ends:
        np.testing.assert_array_equal(event.audio, bursts[round(event.start * RATE) : round(event.end * RATE)])


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_other_rates_and_integers(detector, bursts, rate):
    integers = np.round(np.repeat(bursts, 3)[: 17 * rate] * 32767).astype(np.int16)
    events = list(detector.stream(rate, rule=RULE, keep_audio="segment").events(cut(integers, [rate // 50])))
    found = [event.segment for event in events if isinstance(event, SpeechEnd)]
    assert found == list(detector.detect(integers, sample_rate=rate, rule=RULE)) != []
    for event in events:
        if isinstance(event, SpeechEnd):
            assert len(event.audio) == round((event.end - event.start) * RATE)


def test_posteriors_on_demand(detector, bursts):
    events = list(detector.stream().events(cut(bursts, [1000]), posteriors=True))
    parts = [event for event in events if isinstance(event, PosteriorEvent)]
    whole = detector.posteriors(bursts)
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), whole.values)
    np.testing.assert_array_equal(np.concatenate([part.times for part in parts]), whole.times)


def test_streams_side_by_side_and_in_threads_never_touch(detector, bursts):
    quiet = np.roll(bursts, RATE // 2)
    alone = [list(detector.stream(rule=RULE).events([x])) for x in (bursts, quiet)]
    one, two = detector.stream(rule=RULE), detector.stream(rule=RULE)
    found = ([], [])
    for a, b in zip(cut(bursts, [700]), cut(quiet, [700]), strict=True):
        found[0].extend(one.push(a).events)
        found[1].extend(two.push(b).events)
    found[0].extend(one.flush().events)
    found[1].extend(two.flush().events)
    threaded = ([], [])

    def work(which, samples):
        threaded[which].extend(detector.stream(rule=RULE).events(cut(samples, [160])))

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate((bursts, quiet))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for which in (0, 1):
        expected = [facts(event) for event in alone[which]]
        assert [facts(event) for event in found[which]] == expected
        assert [facts(event) for event in threaded[which]] == expected


def test_one_stream_may_be_pushed_from_several_threads(detector, bursts):
    stream, whole = detector.stream(rule=RULE), detector.detect(bursts, rule=RULE)
    segments, turns = [], iter(list(cut(bursts, [500])))
    lock = threading.Lock()

    def work():
        while True:
            with lock:  # whose turn it is, is the caller's affair
                chunk = next(turns, None)
                if chunk is None:
                    return
                segments.extend(stream.push(chunk).segments)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert segments + stream.flush().segments == list(whole)


def test_asyncio(detector, bursts):
    async def chunks():
        for chunk in cut(bursts, [4000, 40000]):
            await asyncio.sleep(0)
            yield chunk

    async def listen():
        stream = detector.stream(rule=RULE)
        return [event async for event in stream.events_async(chunks())]

    async def both():
        return await asyncio.gather(listen(), listen())

    expected = [facts(event) for event in detector.stream(rule=RULE).events([bursts])]
    for found in asyncio.run(both()):
        assert [facts(event) for event in found] == expected


@pytest.mark.parametrize("keep", ["start", "segment"])
def test_memory_is_flat(detector, bursts, keep):
    rule = RULE.replace({"max_speech_s": 2.0})
    stream = detector.stream(rule=rule, keep_audio=keep)
    held = []
    for _ in range(6):
        for chunk in cut(bursts, [1600]):
            stream.push(chunk)
            held.append(stream._memory.n_held)
    loud = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    for _ in range(30):
        stream.push(loud)
        held.append(stream._memory.n_held)
    assert max(held) < 4 * RATE


def test_what_is_never_sure_is_held_for_ten_seconds_and_told_as_misfires(detector):
    loud = np.random.default_rng(0).normal(0, 0.1, 45 * RATE).astype(np.float32)
    values = detector.posteriors(loud).values
    onset = float(values[100:].min())
    sure = float(np.nextafter(values.max(), np.float32(2)))
    assert 0 < onset <= sure <= 1
    stream = detector.stream(rule=DecisionRule(onset, onset / 2, confirm_threshold=sure))
    held, events = [], []
    for chunk in cut(loud, [1600]):
        events += stream.push(chunk).events
        held.append(stream._memory.n_held)
    events += stream.flush().events
    assert max(held) < 10.5 * RATE
    assert all(isinstance(event, Misfire) for event in events)
    assert [round(event.end - event.start) for event in events[:-1]] == [10, 10, 10, 10]


@pytest.mark.parametrize("size", [77, 4800, 10**6])
def test_what_becomes_sure_late_brings_its_audio_from_the_start(detector, bursts, size):
    values = detector.posteriors(bursts).values
    rule = RULE.replace({"confirm_threshold": float(np.quantile(values[values >= RULE.onset_threshold], 0.98))})
    events = list(detector.stream(rule=rule, keep_audio="segment").events(cut(bursts, [size])))
    starts = [event for event in events if isinstance(event, SpeechStart)]
    ends = [event for event in events if isinstance(event, SpeechEnd)]
    assert [event.segment for event in ends] == list(detector.detect(bursts, rule=rule)) != []
    assert all(event.known > event.onset + RULE.min_speech_s for event in starts)
    for event in ends:
        np.testing.assert_array_equal(event.audio, bursts[round(event.start * RATE) : round(event.end * RATE)])


def test_what_cannot_act_is_refused(detector):
    with pytest.raises(ConfigError, match=r"keep_audio .* received 'segments' \(did you mean 'segment'\?\)"):
        detector.stream(keep_audio="segments")
    stream = detector.stream()
    with pytest.raises(ShapeError):
        stream.push(np.zeros((10, 2), np.float32))
    assert stream.n_samples == 0
