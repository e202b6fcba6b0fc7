"""The laws of reading: cutting into chunks changes nothing, memory does not grow, bad input is one clear line."""

import io
import threading
import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vad.audio import RawFormat, iter_chunks, iter_raw_chunks, read
from vad.errors import AudioError, ConfigError


class Pipe(io.RawIOBase):
    """Bytes that come in pieces and cannot be sought, as from a pipe."""

    def __init__(self, data, piece=1000):
        self._data = memoryview(data)
        self._piece = piece

    def readable(self):
        return True

    def readinto(self, buffer):
        n = min(len(buffer), self._piece, len(self._data))
        buffer[:n] = self._data[:n]
        self._data = self._data[n:]
        return n


FORMATS = [
    ("a.wav", "PCM_U8"),
    ("a.wav", "PCM_16"),
    ("a.wav", "PCM_24"),
    ("a.wav", "PCM_32"),
    ("a.wav", "FLOAT"),
    ("a.wav", "DOUBLE"),
    ("a.wav", "ULAW"),
    ("a.wav", "ALAW"),
    ("a.wav", "IMA_ADPCM"),
    ("a.wav", "GSM610"),
    ("a.rf64", "PCM_16"),
    ("a.w64", "PCM_16"),
    ("a.aiff", "PCM_16"),
    ("a.au", "PCM_16"),
    ("a.caf", "PCM_16"),
    ("a.flac", "PCM_16"),
    ("a.flac", "PCM_24"),
    ("a.ogg", "VORBIS"),
    ("a.ogg", "OPUS"),
    ("a.mp3", "MPEG_LAYER_III"),
]


@pytest.mark.parametrize(("name", "subtype"), FORMATS)
def test_every_format_is_read_in_time_and_level(write, make_voice, name, subtype):
    samples = make_voice(24000)
    decoded = read(write(samples, 16000, name, subtype))
    n = min(len(decoded), len(samples))
    assert decoded.dtype == np.float32
    # Block codecs pad the end.
    assert 0 <= len(decoded) - len(samples) < 1100
    error = np.mean((decoded[:n] - samples[:n]) ** 2) / np.mean(samples**2)
    assert error < (0.1 if subtype in ("GSM610", "OPUS", "VORBIS", "MPEG_LAYER_III") else 5e-3)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_24"), ("a.flac", "PCM_16")])
def test_every_rate_ends_at_the_rounded_exact_length(write, make_voice, rate, name, subtype):
    path = write(make_voice(rate + 137, rate), rate, name, subtype)
    resampled = read(path)
    assert len(resampled) == int((rate + 137) * 16000 / rate + 0.5)
    if rate != 16000:
        source = soundfile.read(path, dtype="float32")[0]
        np.testing.assert_allclose(resampled, soxr.resample(source, rate, 16000), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "subtype", "rate"),
    [
        ("a.wav", "PCM_16", 44100),
        ("a.flac", "PCM_24", 48000),
        ("a.ogg", "VORBIS", 44100),
        ("a.ogg", "OPUS", 48000),
        ("a.mp3", "MPEG_LAYER_III", 44100),
        ("a.wav", "GSM610", 8000),
    ],
)
def test_chunks_joined_are_the_whole(write, make_voice, name, subtype, rate):
    path = write(make_voice(rate * 3 + 11, rate), rate, name, subtype)
    whole = read(path)
    for chunk_samples in (1 if rate == 8000 else 7, 160, 1000, 16000, 10**7):
        chunks = list(iter_chunks(path, chunk_samples=chunk_samples))
        assert {len(chunk) for chunk in chunks[:-1]} <= {chunk_samples}
        assert 0 < len(chunks[-1]) <= chunk_samples
        np.testing.assert_array_equal(np.concatenate(chunks), whole)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=st.sampled_from([8000, 11025, 16000, 44100, 192000]),
    n=st.integers(1, 5000),
    channels=st.integers(1, 4),
    chunk_samples=st.integers(1, 3000),
    piece=st.integers(1, 999),
)
def test_raw_streams_in_any_pieces_and_chunks_are_the_same(rate, n, channels, chunk_samples, piece):
    values = np.random.default_rng(n).integers(-(2**15), 2**15, (n, channels)).astype("<i2")
    raw = RawFormat(rate, "s16le", channels)
    chunks = list(iter_raw_chunks(Pipe(values.tobytes(), piece), raw, chunk_samples=chunk_samples))
    expected = (values.astype(np.float32) / 32768).mean(axis=1)
    if rate != 16000:
        expected = soxr.resample(expected, rate, 16000)
    found = np.concatenate([np.zeros(0, np.float32), *chunks])
    assert len(found) == int(n * 16000 / rate + 0.5)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(("name", "subtype"), [f for f in FORMATS if f[1] != "OPUS"])
def test_a_cut_is_that_slice_of_the_whole(write, make_voice, name, subtype):
    path = write(make_voice(16000 * 3), 16000, name, subtype)
    whole = read(path)
    for offset, length in ((0, 1), (1, 1000), (16001, 20000), (30000, 17999), (47999, 1)):
        cut = read(path, offset_s=offset / 16000, duration_s=length / 16000)
        np.testing.assert_array_equal(cut, whole[offset : offset + length])
    np.testing.assert_array_equal(read(path, offset_s=2.5), whole[40000:])


def test_a_cut_of_opus_lies_on_its_samples(write, make_voice):
    path = write(make_voice(16000 * 12), 16000, "a.ogg", "OPUS")
    whole = read(path)
    # Up to the pre-roll the decoder starts at the beginning, after that it has had four seconds to settle.
    np.testing.assert_array_equal(read(path, offset_s=3.9, duration_s=0.5), whole[62400:70400])
    for offset in (64001, 100003, 191000):
        cut = read(path, offset_s=offset / 16000, duration_s=0.05)
        expected = whole[offset : offset + 800]
        assert np.mean((cut - expected) ** 2) < 1e-2 * np.mean(expected**2)
        np.testing.assert_array_equal(cut, read(path, offset_s=offset / 16000, duration_s=0.05))


def test_real_containers_are_cut_at_the_sample(data_home):
    containers = sorted((data_home / "audio").glob("*/*.ogg"))[::90]
    rng = np.random.default_rng(0)
    for path in containers:
        whole = read(path)
        offset = int(rng.integers(0, len(whole) - 16000))
        cut = read(path, offset_s=offset / 16000, duration_s=1)
        expected = whole[offset : offset + 16000]
        assert len(cut) == 16000
        assert np.mean((cut - expected) ** 2) <= 1e-2 * np.mean(expected**2) + 1e-9, path


def test_a_cut_is_made_in_samples_of_the_source(write, make_voice):
    samples = make_voice(44100 * 2, 44100)
    path = write(samples, 44100, "a.wav", "FLOAT")
    cut = read(path, offset_s=0.33333, duration_s=0.77777)
    start, length = 14700, 34300
    assert len(cut) == int(length * 16000 / 44100 + 0.5)
    np.testing.assert_allclose(cut, soxr.resample(samples[start : start + length], 44100, 16000), atol=1e-6)


def test_channels_are_mixed_down_or_chosen(write):
    block = np.stack([np.full(800, 0.5), np.full(800, -0.25), np.full(800, 0.125)], axis=1)
    path = write(block, 16000, "a.wav", "PCM_16")
    assert np.all(read(path) == np.float32(0.125))
    assert np.all(read(path, channel=1) == np.float32(-0.25))
    with pytest.raises(AudioError, match=r"a\.wav: channel 3 is not there; the recording has 3 channels, 0 to 2"):
        read(path, channel=3)
    with pytest.raises(AudioError, match="channel -1"):
        read(path, channel=-1)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_wav_on_a_pipe_is_the_file(write, make_voice, subtype):
    stereo = np.stack([make_voice(12000), make_voice(12000, seed=1)], axis=1)
    path = write(stereo, 22050, "a.wav", subtype)
    np.testing.assert_array_equal(read(Pipe(path.read_bytes(), 777)), read(path))
    np.testing.assert_array_equal(
        read(Pipe(path.read_bytes()), offset_s=0.1, duration_s=0.2), read(path, offset_s=0.1, duration_s=0.2)
    )


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.flac", None), ("a.ogg", "VORBIS"), ("a.ogg", "OPUS"), ("a.mp3", None), ("a.aiff", None)]
)
def test_other_formats_on_a_pipe_are_the_file(write, make_voice, name, subtype):
    path = write(make_voice(12000), 16000, name, subtype)
    np.testing.assert_array_equal(read(Pipe(path.read_bytes())), read(path))
    np.testing.assert_array_equal(read(io.BytesIO(path.read_bytes())), read(path))


def test_a_named_pipe_is_read_as_a_stream(write, make_voice, tmp_path):
    import os

    path = write(make_voice(12000))
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(path.read_bytes(),))
    writer.start()
    np.testing.assert_array_equal(read(fifo), read(path))
    writer.join()


def test_a_wav_from_a_tool_that_writes_to_pipes_is_read_to_its_end(write, make_voice, tmp_path):
    data = bytearray(write(make_voice(5000)).read_bytes())
    at = data.index(b"data") + 4
    for riff, size in ((0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFF024, 0x7FFFF000), (0, 0), (0x80000024, 0x80000000)):
        data[4:8], data[at : at + 4] = riff.to_bytes(4, "little"), size.to_bytes(4, "little")
        path = tmp_path / "open.wav"
        path.write_bytes(data)
        assert len(read(path)) == 5000
        assert len(read(Pipe(bytes(data)))) == 5000


def _peak_of_reading(seconds):
    """Peak of traced memory in bytes while a stream of that length is read, mixed down and resampled."""

    class Endless(io.RawIOBase):
        left = seconds * 44100 * 2

        def read1(self, n):
            n = min(n, self.left)
            self.left -= n
            return bytes(n)

        read = read1

    total = 0
    tracemalloc.start()
    try:
        for chunk in iter_raw_chunks(Endless(), RawFormat(44100, "u8", 2)):
            total += len(chunk)
        return total, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_length():
    short_total, short_peak = _peak_of_reading(20)
    long_total, long_peak = _peak_of_reading(400)
    assert (short_total, long_total) == (20 * 16000, 400 * 16000)
    assert long_peak < 1.1 * short_peak + 100_000
    assert long_peak < 16e6


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_16"), ("a.ogg", "OPUS"), ("a.flac", None)])
def test_memory_does_not_grow_with_the_file(write, make_voice, name, subtype):
    peaks = []
    for seconds in (20, 80):  # two blocks and more
        path = write(np.tile(make_voice(16000), seconds), 16000, name, subtype)
        tracemalloc.start()
        n = sum(len(chunk) for chunk in iter_chunks(path))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert n == seconds * 16000
    assert peaks[1] < 1.1 * peaks[0] + 100_000


def test_not_finite_samples_are_named(write):
    for bad in (np.nan, np.inf, -np.inf):
        samples = np.zeros((40000, 2), np.float32)
        samples[31234, 1] = bad
        path = write(samples, 16000, "a.wav", "FLOAT")
        with pytest.raises(AudioError, match=r"a\.wav: sample 31234 is -?(nan|inf); samples must be finite"):
            read(path)
        assert len(read(path, channel=0)) == 40000


def test_a_sample_beyond_full_scale_is_kept(write):
    assert read(write(np.full(100, 1.5, np.float32), 16000, "a.wav", "FLOAT")).max() == 1.5


def test_one_sample_is_a_recording(write):
    assert len(read(write(np.zeros(1)))) == 1
    # At 48 kHz a third of a sample remains, which rounds to none.
    assert len(read(write(np.zeros(1), 48000))) == 0


def test_cuts_beyond_the_recording_are_refused(write):
    path = write(np.zeros(16000))
    for span in ({"offset_s": 1.0}, {"offset_s": 5.0, "duration_s": 1.0}, {"offset_s": 0.5, "duration_s": 0.6}):
        with pytest.raises(AudioError, match=r"a\.wav: the cut from .* ends at 1 s"):
            read(path, **span)
    # One sample too many is rounding.
    assert len(read(path, offset_s=0.5, duration_s=8001 / 16000)) == 8000


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate": 4000},
        {"sample_rate": 16000.5},
        {"offset_s": -1},
        {"offset_s": float("nan")},
        {"duration_s": 0},
        {"duration_s": float("inf")},
    ],
)
def test_arguments_out_of_range_are_refused_before_reading(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        read("nowhere.wav", **wrong)


def test_chunks_of_no_samples_are_refused():
    with pytest.raises(ConfigError, match="chunk_samples"):
        iter_chunks("nowhere.wav", chunk_samples=0)
    with pytest.raises(ConfigError, match="chunk_samples"):
        iter_raw_chunks(io.BytesIO(), RawFormat(), chunk_samples=0)
