"""WAV headers, whole and broken."""

import io
import struct

import numpy as np
import pytest
import soundfile

from vad.audio.riff import is_wav, read_wav_header
from vad.errors import AudioError


def _header(data):
    stream = io.BytesIO(data)
    return read_wav_header(stream.read(12), stream, "a.wav"), stream


def _chunk(tag, body):
    return tag + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


FMT = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, 48000, 192000, 4, 16))


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize(
    ("subtype", "encoding"),
    [
        ("PCM_U8", "u8"),
        ("PCM_16", "s16le"),
        ("PCM_24", "s24le"),
        ("PCM_32", "s32le"),
        ("FLOAT", "f32le"),
        ("DOUBLE", "f64le"),
        ("ULAW", "mulaw"),
        ("ALAW", "alaw"),
    ],
)
def test_plain_formats_are_recognised(tmp_path, container, subtype, encoding):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((1000, 2)), 22050, format=container, subtype=subtype)
    header, stream = _header(path.read_bytes())
    raw = header.to_raw("a.wav")
    assert raw is not None and (raw.sample_rate, raw.encoding, raw.channels) == (22050, encoding, 2)
    assert header.n_samples == 1000
    assert header.data_start == stream.tell()


def test_compressed_formats_are_left_to_the_decoder(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(1000), 16000, subtype="IMA_ADPCM")
    assert _header((tmp_path / "a.wav").read_bytes())[0].to_raw("a.wav") is None


def test_chunks_that_are_not_needed_are_passed_over():
    riff = b"RIFF\0\0\1\0WAVE"
    data = riff + _chunk(b"LIST", b"odd") + FMT + _chunk(b"JUNK", bytes(100_000)) + b"data\x08\0\0\0" + bytes(8)
    header, stream = _header(data)
    assert header.n_samples == 2 and stream.read() == bytes(8)


def test_broken_headers_are_refused():
    riff = b"RIFF\0\0\1\0WAVE"
    for data in (riff, riff + b"fm", riff + FMT[:10], riff + FMT, riff + FMT + b"LIST\xff\xff\0\0"):
        with pytest.raises(AudioError, match=r"a\.wav: truncated: ends inside its WAV header"):
            _header(data)
    with pytest.raises(AudioError, match="no 'fmt ' chunk"):
        _header(riff + b"data\x08\0\0\0" + bytes(8))
    slow = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 1, 2, 2, 16))
    with pytest.raises(AudioError, match=r"a\.wav: sample_rate .* received 1$"):
        _header(riff + slow + b"data\x08\0\0\0")[0].to_raw("a.wav")


def test_only_wav_is_taken_for_wav():
    assert is_wav(b"RIFF\0\0\0\0WAVE") and is_wav(b"RF64\xff\xff\xff\xffWAVE")
    assert not is_wav(b"RIFF\0\0\0\0AVI ") and not is_wav(b"") and not is_wav(b"fLaC")
