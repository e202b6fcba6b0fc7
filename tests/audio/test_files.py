"""Opening recordings: what a header says, what is refused and with which words, what a directory holds."""

import io

import numpy as np
import pytest

from vad.audio import AudioInfo, find_audio, read, read_info
from vad.errors import AudioError


def _message(action):
    with pytest.raises(AudioError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_info_is_what_the_header_says(write, make_voice):
    stereo = np.stack([make_voice(22050)] * 2, axis=1)
    assert read_info(write(stereo, 44100, "a.flac", "PCM_24")) == AudioInfo(44100, 2, 22050, 0.5, "FLAC PCM_24")
    assert read_info(write(stereo, 48000, "b.ogg", "OPUS")).format == "OGG OPUS"


def test_info_of_a_wav_of_open_length_counts(write, make_voice, tmp_path):
    data = bytearray(write(make_voice(8000)).read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "open.wav").write_bytes(data)
    assert read_info(tmp_path / "open.wav").n_samples == 8000


def test_what_is_no_recording_is_one_clear_line(tmp_path, write):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.wav").write_text("this is not audio\n" * 50)
    (tmp_path / "samples.raw").write_bytes(bytes(1000))
    for name, words in (
        ("missing.wav", "cannot be opened: No such file or directory"),
        ("empty.wav", "empty, 0 bytes"),
        ("notes.wav", "not a recording that can be read"),
        ("samples.raw", "has no header"),
    ):
        for action in (read, read_info):
            message = _message(lambda action=action, name=name: action(tmp_path / name))
            assert message.startswith(str(tmp_path / name)) and words in message
    assert "a directory, not a recording" in _message(lambda: read(tmp_path))
    no_samples = write(np.zeros(0), 16000, "none.wav")
    assert "holds no samples" in _message(lambda: read(no_samples))
    assert "holds no samples" in _message(lambda: read_info(no_samples))
    slow = write(np.zeros(100), 4000, "slow.wav")
    assert "4000" in _message(lambda: read(slow))


def test_a_truncated_wav_says_how_much_is_missing(write, make_voice):
    path = write(make_voice(16000))
    data = path.read_bytes()
    for keep in (44 + 2 * 5000, 44 + 2 * 5000 + 1, len(data) - 1):
        path.write_bytes(data[:keep])
        found = (keep - 44) // 2
        words = f"promises 16000 samples, {found} are there, {16000 - found} are missing"
        assert words in _message(lambda: read(path))
        assert words in _message(lambda: read_info(path))
        assert words in _message(lambda: read(io.BytesIO(path.read_bytes())))
    path.write_bytes(data[:30])
    assert "truncated: ends inside its WAV header" in _message(lambda: read(path))


def test_a_truncated_compressed_file_is_refused_where_it_shows(write, make_voice):
    path = write(make_voice(160000), 16000, "a.flac")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "truncated" in _message(lambda: read(path))


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_that_ends_inside_a_page_is_truncated(write, make_voice, subtype):
    path = write(make_voice(160000), 16000, "a.ogg", subtype)
    data = path.read_bytes()
    last = data.rfind(b"OggS")
    for keep in (len(data) // 2, last + 5, last + 27, len(data) - 1):
        path.write_bytes(data[:keep])
        for source in (path, io.BytesIO(data[:keep])):
            assert "truncated: ends inside an Ogg page" in _message(lambda source=source: read(source))
        assert "truncated" in _message(lambda: read_info(path))
    # Android's recorder marks no page as the last, and pages that merely look like one are sound.
    path.write_bytes(data[:last])
    assert len(read(path)) > 0
    path.write_bytes(data + b"\0OggS\x07\xff")
    assert len(read(path)) == 160000


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\0\0\0\0\x10\0" + 2048 * b"\xff"])
@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (44100, 2), (8000, 1), (48000, 1)])
def test_an_mp3_shorter_than_its_header_states_is_truncated(write, make_voice, rate, channels, tag):
    path = write(np.stack([make_voice(10 * rate, rate)] * channels, axis=1), rate, "a.mp3")
    data = path.read_bytes()
    path.write_bytes(tag + data)
    assert len(read(path)) == 160000
    path.write_bytes(tag + data[: 9 * len(data) // 10])
    assert f"truncated: its header promises {10 * rate} samples" in _message(lambda: read(path))
    with path.open("rb") as stream:
        assert "truncated: its header promises" in _message(lambda: read(stream))
    # Without a header nothing is promised, and a count that is wrong by a frame or two is none of a truncation.
    path.write_bytes(tag + data.replace(b"Xing", b"\0" * 4).replace(b"Info", b"\0" * 4)[: 9 * len(data) // 10])
    assert len(read(path)) > 0


def test_a_broken_stream_is_named(tmp_path):
    with (tmp_path / "stream.bin").open("wb+") as stream:
        assert "stream.bin: empty" in _message(lambda: read(stream))
    assert _message(lambda: read(io.BytesIO(b"x" * 100))).startswith("<stream>: not a recording")


def test_directories_are_expanded_in_order(tmp_path):
    for name in ("b/2.WAV", "b/1.flac", "a.mp3", "notes.txt", ".hidden.wav", ".git/x.wav", "z/deep/er/c.opus"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    inside = [tmp_path / name for name in ("a.mp3", "b/1.flac", "b/2.WAV", "z/deep/er/c.opus")]
    assert find_audio([tmp_path]) == inside
    notes, missing = tmp_path / "notes.txt", tmp_path / "missing.wav"
    # Files that were named are kept as they are, even when missing; nothing is listed twice.
    assert find_audio([notes, missing, tmp_path / "b", tmp_path]) == [
        notes,
        missing,
        *inside[1:3],
        inside[0],
        inside[3],
    ]
    (tmp_path / "empty").mkdir()
    assert "no recording in this directory" in _message(lambda: find_audio([tmp_path / "empty"]))
