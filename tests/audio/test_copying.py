"""Copies of parts: the same container, encoding, rate and channels, and the same samples where nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from vad.audio import Copy, RawFormat, copy_pieces, open_recording
from vad.audio.raw import ENCODINGS
from vad.errors import AudioError

RATE = 22050
PIECES = [(0, 1), (100, 70000), (70000, 70001), (90000, 100001)]
LOSSLESS = [
    *(
        ("a.wav", "WAV", subtype)
        for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
    ),
    *(("a.flac", "FLAC", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")),
    *(("a.aiff", "AIFF", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24", "FLOAT")),
    ("a.caf", "CAF", "ALAC_16"),
    ("a.au", "AU", "PCM_16"),
    ("a.w64", "W64", "PCM_24"),
    ("a.rf64", "RF64", "PCM_16"),
    ("a.wav", "WAVEX", "PCM_24"),
]
LOSSY = [("a.ogg", "OGG", "VORBIS", 22050), ("a.opus", "OGG", "OPUS", 48000), ("a.mp3", "MP3", "MPEG_LAYER_III", 44100)]


def full_range(n: int = 100001, channels: int = 2) -> np.ndarray:
    """Noise over the whole range of int32, ends included."""
    values = np.random.default_rng(3).integers(-(2**31), 2**31, (n, channels), np.int64).astype(np.int32)
    values[:2] = [[-(2**31)] * channels, [2**31 - 1] * channels]
    return values


def copied(source, folder, raw=None):
    """Copies the pieces to a file each and returns the copies' paths."""
    paths = []
    with open_recording(source, raw) as recording:
        copy = Copy(recording, source)
        parts: dict[int, list] = {}
        for number, block in copy_pieces(recording, PIECES):
            parts.setdefault(number, []).append(block.copy())
    for number, blocks in parts.items():
        path = folder / f"{number}{copy.suffix}"
        with copy.open(path, sum(map(len, blocks))) as file:
            for block in blocks:
                file.write(block)
        paths.append(path)
    return paths, copy


@pytest.mark.parametrize(("name", "container", "subtype"), LOSSLESS)
def test_copies_hold_the_same_samples(tmp_path, name, container, subtype):
    source = tmp_path / name
    samples = full_range() / 2**31 if subtype in ("FLOAT", "DOUBLE") else full_range()
    if "ALAC" in subtype:
        samples //= 4  # libsndfile's ALAC does not get full scale back itself
    soundfile.write(source, samples, RATE, format=container, subtype=subtype)
    paths, copy = copied(source, tmp_path)
    assert copy.note == ""
    dtype = "float64" if subtype in ("FLOAT", "DOUBLE") else "int32"
    whole, _ = soundfile.read(source, dtype=dtype, always_2d=True)
    for path, (start, stop) in zip(paths, PIECES, strict=True):
        with soundfile.SoundFile(path) as found:
            assert (found.format, found.subtype, found.samplerate, found.channels) == (container, subtype, RATE, 2)
            assert path.suffix == source.suffix
            np.testing.assert_array_equal(found.read(dtype=dtype), whole[start:stop])


@pytest.mark.parametrize(("name", "container", "subtype", "rate"), LOSSY)
def test_lossy_copies_keep_the_format_and_say_so(tmp_path, name, container, subtype, rate):
    source = tmp_path / name
    t = np.arange(100001) / rate
    tone = 0.3 * np.sin(2 * np.pi * 300 * t)
    soundfile.write(source, tone, rate, format=container, subtype=subtype)
    with open_recording(source) as recording:
        copy = Copy(recording, source)
        assert copy.note.endswith("copies are encoded anew")
        with copy.open(tmp_path / f"copy{copy.suffix}", 50000) as file:
            for _, block in copy_pieces(recording, [(10000, 60000)]):
                file.write(block)
    with soundfile.SoundFile(tmp_path / f"copy{source.suffix}") as found:
        assert (found.format, found.subtype, found.samplerate, found.channels) == (container, subtype, rate, 1)
        assert len(found.read()) == pytest.approx(50000, abs=2400)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_raw_samples_become_wav_of_the_same_encoding(tmp_path, encoding):
    data = np.random.default_rng(1).integers(0, 256, 100001 * 2 * ENCODINGS[encoding], np.uint8)
    if encoding[0] == "f":
        data = (full_range() / 2**31).astype(f"{'<' if 'le' in encoding else '>'}f{ENCODINGS[encoding]}").view(np.uint8)
    source = tmp_path / "a.raw"
    source.write_bytes(data.tobytes())
    paths, copy = copied(source, tmp_path, RawFormat(RATE, encoding, 2))
    assert copy.encoding.container == "WAV"
    with open_recording(source, RawFormat(RATE, encoding, 2)) as recording:
        whole = np.concatenate(list(recording.blocks()))
    for path, (start, stop) in zip(paths, PIECES, strict=True):
        np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], whole[start:stop])


def test_what_cannot_be_written_becomes_wav_with_the_same_samples(tmp_path):
    source = tmp_path / "a.caf"
    soundfile.write(source, full_range() // 4, RATE, format="CAF", subtype="ALAC_24")
    paths, copy = copied(source, tmp_path)
    assert copy.note == "CAF ALAC_24 cannot be written: copies are WAV PCM_24"
    whole, _ = soundfile.read(source, dtype="int32", always_2d=True)
    for path, (start, stop) in zip(paths, PIECES, strict=True):
        assert path.suffix == ".wav"
        np.testing.assert_array_equal(soundfile.read(path, dtype="int32", always_2d=True)[0], whole[start:stop])


def test_adpcm_is_lossy(tmp_path):
    source = tmp_path / "a.wav"
    soundfile.write(source, full_range(channels=1), RATE, subtype="MS_ADPCM")
    with open_recording(source) as recording:
        assert Copy(recording, source).note != ""


def test_a_wav_beyond_four_gigabytes_is_rf64(tmp_path):
    source = tmp_path / "a.wav"
    soundfile.write(source, np.zeros(100, np.int16), RATE)
    with open_recording(source) as recording:
        copy = Copy(recording, source)
    with copy.open(tmp_path / "big.wav", 1 << 31) as file:
        file.write(np.zeros(100, np.int16))
    assert (tmp_path / "big.wav").read_bytes()[:4] == b"RF64" or soundfile.info(tmp_path / "big.wav").format == "RF64"


def test_a_copy_that_fails_leaves_nothing(tmp_path):
    source = tmp_path / "a.wav"
    soundfile.write(source, np.zeros(1000, np.int16), RATE)
    with open_recording(source) as recording:
        copy = Copy(recording, source)
    with pytest.raises(AudioError), copy.open(tmp_path / "b.wav", 10) as file:
        file.write(np.zeros(10, np.int16))
        raise AudioError("the source is damaged")
    assert list(tmp_path.iterdir()) == [source]
