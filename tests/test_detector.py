"""Laws of the detector: file, array and stream agree bit by bit; every frame is there; nothing passes unread."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.decision import DecisionRule
from vad.detector import Detector
from vad.errors import AudioError, ConfigError, ModelError, NonFiniteError, ShapeError
from vad.frames import FrameGrid
from vad.segments import Timeline
from vad.stream import Stream

GRID = FrameGrid()
RATE = GRID.sample_rate


@pytest.fixture(scope="module")
def detector(energy_artifact) -> Detector:
    return Detector(energy_artifact)


@pytest.fixture(scope="module")
def bursts() -> np.ndarray:
    """Six seconds of faint noise with loud noise from 1 to 2 s and from 3.5 to 5 s."""
    samples = np.random.default_rng(1).normal(0, 0.001, 6 * RATE + 77)
    for start, end in ((1.0, 2.0), (3.5, 5.0)):
        samples[int(start * RATE) : int(end * RATE)] *= 100
    return samples.astype(np.float32)


def streamed(stream: Stream, samples: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, Timeline]:
    """Feeds a recording in chunks of the given sizes, over and over."""
    outputs, at, turn = [], 0, 0
    while at < len(samples):
        outputs.append(stream.push(samples[at : at + sizes[turn % len(sizes)]]))
        at += sizes[turn % len(sizes)]
        turn += 1
    outputs.append(stream.flush())
    known = 0
    for output in outputs:
        assert output.first_frame == known
        known += len(output.posteriors)
    segments = [segment for output in outputs for segment in output.segments]
    assert segments == list(Timeline(segments)), "segments must come in order and final"
    return np.concatenate([output.posteriors for output in outputs]), Timeline(segments)


def test_speech_is_found_where_it_is(detector, bursts):
    found = detector.detect(bursts)
    # The untrained network looks ahead by four frames of silence or sound without knowing what for.
    assert np.allclose(found.to_pairs(), [(1.0, 2.0), (3.5, 5.0)], atol=0.1)


@settings(deadline=None, max_examples=25)
@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=6), n_samples=st.integers(512, 30000))
def test_streaming_equals_offline(detector, bursts, sizes, n_samples):
    samples = bursts[14000 : 14000 + n_samples]
    values, found = streamed(detector.stream(), samples, sizes)
    np.testing.assert_array_equal(values, detector.posteriors(samples).values)
    assert found == detector.detect(samples)


@pytest.mark.parametrize("rate", [8000, 44100])
def test_streaming_equals_offline_at_other_rates(detector, bursts, rate):
    for sizes in ([1237], [160, 1, 4000]):
        values, found = streamed(detector.stream(rate), bursts, sizes)
        np.testing.assert_array_equal(values, detector.posteriors(bursts, sample_rate=rate).values)
        assert found == detector.detect(bursts, sample_rate=rate)
    assert len(values) == GRID.count(int(len(bursts) * RATE / rate + 0.5))


def test_streaming_equals_offline_on_real_speech(detector, data_home):
    row = json.loads((data_home / "manifests" / "labelled.dev.jsonl").read_text().splitlines()[0])
    from vad.audio import read

    samples = read(data_home / row["audio"], offset_s=row["offset_s"], duration_s=min(20.0, row["duration_s"]))
    offline, found = detector.posteriors(samples).values, detector.detect(samples)
    rng = np.random.default_rng(0)
    for _ in range(5):
        values, timeline = streamed(detector.stream(), samples, rng.integers(1, 3000, 50).tolist())
        np.testing.assert_array_equal(values, offline)
        assert timeline == found


def test_file_array_and_integers_agree(detector, bursts, tmp_path):
    integers = np.round(bursts * 32767).astype(np.int16)
    path = tmp_path / "bursts.wav"
    soundfile.write(path, integers, RATE)
    expected = detector.posteriors(integers)
    np.testing.assert_array_equal(detector.posteriors(path).values, expected.values)
    np.testing.assert_array_equal(detector.posteriors(str(path), sample_rate=RATE).values, expected.values)
    np.testing.assert_array_equal(detector.posteriors(integers.astype(np.float64) / 32768).values, expected.values)
    with path.open("rb") as opened:
        np.testing.assert_array_equal(detector.posteriors(opened).values, expected.values)
    assert detector.detect(path) == detector.detect(integers)


def test_every_frame_has_a_posterior_at_its_centre(detector, bursts):
    for n_samples in (512, 671, 672, 5000, len(bursts)):
        found = detector.posteriors(bursts[:n_samples])
        assert len(found) == GRID.count(n_samples) == len(found.times)
        assert found.values.dtype == np.float32
        assert found.times.dtype == np.float64
        assert ((found.values >= 0) & (found.values <= 1)).all()
        np.testing.assert_array_equal(found.times, GRID.times(len(found)))


def test_the_lookahead_is_taken_out(detector, energy_model, bursts):
    """The posterior of frame t is what the network says four frames later."""
    from vad.features.offline import log_mel

    assert detector.metadata.lookahead_frames == 4
    samples = bursts[: GRID.samples_for(300)]
    logits = np.asarray(energy_model(log_mel(samples, detector.metadata.features)[np.newaxis]))[0]
    expected = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(detector.posteriors(samples).values[:-4], expected[4:], atol=1e-5)


def test_segments_lie_inside_the_recording(detector):
    loud = np.random.default_rng(2).normal(0, 0.2, 20011).astype(np.float32)
    rule = DecisionRule(pad_start_s=1.0, pad_end_s=1.0)
    assert detector.detect(loud, rule=rule).to_pairs() == [(0.0, 20011 / RATE)]


def test_a_flushed_stream_is_as_new(detector, bursts):
    stream = detector.stream()
    first = streamed(stream, bursts, [4000])
    second = streamed(stream, bursts, [999])
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]


def test_interleaved_streams_never_meet(detector, bursts):
    one, two = detector.stream(), detector.stream()
    values = []
    for start in range(0, len(bursts), 1600):
        values.append(one.push(bursts[start : start + 1600]).posteriors)
        two.push(bursts[::-1][start : start + 700])
    values.append(one.flush().posteriors)
    np.testing.assert_array_equal(np.concatenate(values), detector.posteriors(bursts).values)


@pytest.mark.parametrize("rate", [RATE, 48000])
def test_a_refused_chunk_changes_nothing(detector, bursts, rate):
    stream = detector.stream(rate)
    before = stream.push(bursts[:30000]).posteriors
    for bad in (np.nan, 1e30, -3.4e38):
        with pytest.raises(NonFiniteError):
            stream.push(np.full(800, bad, np.float32))
    values = [before, stream.push(bursts[30000:]).posteriors, stream.flush().posteriors]
    np.testing.assert_array_equal(np.concatenate(values), detector.posteriors(bursts, sample_rate=rate).values)


def test_the_loudest_samples_that_are_taken_have_posteriors(detector):
    rng = np.random.default_rng(2)
    for rate in (8000, RATE, 48000):
        samples = np.where(rng.random(rate) < 0.5, -1e15, 1e15)
        assert np.isfinite(detector.posteriors(samples, sample_rate=rate).values).all()


def test_segments_come_before_the_recording_ends(detector, bursts):
    stream = detector.stream()
    early = [s for start in range(0, 3 * RATE, 800) for s in stream.push(bursts[start : start + 800]).segments]
    assert early == list(detector.detect(bursts))[:1]


def test_channels(detector, bursts):
    both = np.stack([bursts, bursts[::-1]], axis=1)
    for channel in (0, 1):
        np.testing.assert_array_equal(
            detector.posteriors(both, channel=channel).values,
            detector.posteriors(np.ascontiguousarray(both[:, channel])).values,
        )
    assert len(detector.posteriors(both)) == GRID.count(len(bursts))
    with pytest.raises(AudioError, match="channel 2"):
        detector.detect(both, channel=2)


def test_the_rule_acts_and_defaults_to_the_models(detector, bursts):
    assert detector.detect(bursts, rule=detector.rule) == detector.detect(bursts)
    assert len(detector.detect(bursts, rule=DecisionRule(min_silence_s=2.0))) == 1
    assert len(detector.detect(bursts, rule=DecisionRule(min_speech_s=1.3))) == 1
    assert detector.onset_threshold == detector.rule.onset_threshold


@pytest.mark.parametrize("n_samples", [0, 1, 511])
def test_shorter_than_a_frame_is_refused(detector, n_samples):
    with pytest.raises(AudioError, match=rf"{n_samples} samples at 16000 Hz; one frame.* takes 512 \(0\.032 s\)"):
        detector.detect(np.zeros(n_samples, np.float32))


@pytest.mark.parametrize(("rate", "n_samples", "heard"), [(48000, 1000, 333), (8000, 200, 400), (44100, 1400, 508)])
def test_too_short_is_told_in_the_models_samples(detector, rate, n_samples, heard):
    with pytest.raises(AudioError, match=rf"too short: {heard} samples at 16000 Hz"):
        detector.detect(np.zeros(n_samples, np.float32), sample_rate=rate)


def test_what_is_no_recording_is_refused(detector, tmp_path, bursts):
    with pytest.raises(ShapeError, match=r"\(samples, channels\); received \(2, 100\)"):
        detector.detect(np.zeros((2, 100), np.float32))
    with pytest.raises(ShapeError, match="int32"):
        detector.detect(np.zeros(1000, np.int32))
    with pytest.raises(ShapeError):
        detector.stream().push(np.zeros((100, 2), np.float32))
    with pytest.raises(NonFiniteError):
        detector.detect(np.full(1000, np.nan, np.float32))
    with pytest.raises(AudioError, match=r"gone\.wav"):
        detector.detect(tmp_path / "gone.wav")
    with pytest.raises(ConfigError, match="sample_rate must"):
        detector.detect(bursts, sample_rate=100)
    path = tmp_path / "bursts.wav"
    soundfile.write(path, bursts, RATE)
    with pytest.raises(ConfigError, match=r"16000 Hz here; received 8000"):
        detector.detect(path, sample_rate=8000)


def test_a_list_is_an_array(detector, bursts):
    assert detector.detect(bursts[:40000].tolist()) == detector.detect(bursts[:40000])


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"gone\.tflite"):
        Detector(tmp_path / "gone.tflite")


def test_the_model_of_the_package_finds_the_example(repository):
    if not (repository / "vad" / "weights" / "vad.tflite").is_file():
        pytest.skip("vad/weights/vad.tflite is not there: no model to test")
    from vad.formats import read_labels

    spoken = read_labels(repository / "examples" / "recording.csv")
    found = Detector().detect(repository / "examples" / "recording.wav")
    assert found.intersection(spoken).speech_s > 0.8 * spoken.speech_s
    assert found.difference(spoken).speech_s < 0.2 * spoken.speech_s


def test_a_detector_may_have_a_rule_of_its_own(energy_artifact, bursts):
    rule = DecisionRule(min_silence_s=2.0)
    other = Detector(energy_artifact, rule=rule)
    assert (other.rule, other.metadata.decision) == (rule, DecisionRule())
    assert other.detect(bursts) == Detector(energy_artifact).detect(bursts, rule=rule)
