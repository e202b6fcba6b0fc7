"""Recordings that only ffmpeg reads, made here with PyAV: in time, in level, in one line when they cannot be."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from vad.audio import find_audio, open_recording, read, read_info
from vad.errors import AudioError

av = pytest.importorskip("av", reason="PyAV is not installed: no media to test on")

RATE = 48000
N = 3 * RATE
CODECS = {
    "a.mp4": "aac",
    "a.m4a": "aac",
    "a.webm": "libopus",
    "a.mka": "flac",
    "a.aac": "aac",
    "a.mp2": "mp2",
    "a.ac3": "ac3",
    "lossless.m4a": "alac",
}


def signal(channels: int = 2) -> np.ndarray:
    """A tone that is loud from 1 to 2 s, softer on the second channel; int16 (channels, n)."""
    t = np.arange(N) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 440 * t) * np.where((t >= 1) & (t < 2), 1, 0.01)
    return np.stack([tone / (1 + channel) for channel in range(channels)]).__mul__(32767).astype(np.int16)


def encode(path: Path, codec: str, samples: np.ndarray, *, video: bool = False) -> Path:
    layout = "mono" if len(samples) == 1 else "stereo"
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10) if video else None
        track = container.add_stream(codec, rate=RATE) if samples.size else None
        if track is not None:
            track.layout = layout
        if pictures is not None:
            pictures.width = pictures.height = 32
            pictures.pix_fmt = "yuv420p"
            container.start_encoding()
            for number in range(30):
                picture = av.VideoFrame.from_ndarray(np.zeros((48, 32), np.uint8), format="yuv420p")
                picture.pts = number
                container.mux(pictures.encode(picture))
            container.mux(pictures.encode(None))
        if track is not None:
            sample_format = track.codec_context.codec.audio_formats[0].name
            resampler = av.AudioResampler(format=sample_format, layout=layout, rate=RATE)
            for start in range(0, samples.shape[1], 960):
                part = np.ascontiguousarray(samples[:, start : start + 960])
                frame = av.AudioFrame.from_ndarray(part, format="s16p", layout=layout)
                frame.sample_rate, frame.pts = RATE, start
                for converted in resampler.resample(frame):
                    container.mux(track.encode(converted))
            container.mux(track.encode(None))
    return path


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for name, codec in CODECS.items():
        encode(folder / name, codec, signal())
    return folder


@pytest.mark.parametrize("name", CODECS)
def test_media_is_read_in_time_and_level(media, name):
    found = read(media / name, sample_rate=16000, channel=0)
    assert len(found) == pytest.approx(16000 * N / RATE, abs=1600)
    loud = np.flatnonzero(np.abs(found) > 0.2) / 16000
    # Formats without a place for it keep the delay of their encoder.
    slack = 0.08 if name in ("a.aac", "a.mp2", "a.ac3") else 0.03
    assert loud[0] == pytest.approx(1, abs=slack)
    assert loud[-1] == pytest.approx(2, abs=slack)
    assert np.abs(found).max() == pytest.approx(0.4, rel=0.1)
    assert np.abs(read(media / name, channel=1)).max() == pytest.approx(0.2, rel=0.1)


def test_lossless_media_is_exact(media):
    with open_recording(media / "lossless.m4a") as recording:
        found = np.concatenate(list(recording.native_blocks()))
    scale = 1 << (8 * found.dtype.itemsize - 16)
    np.testing.assert_array_equal(found, signal().T.astype(found.dtype) * scale)
    np.testing.assert_array_equal(read(media / "lossless.m4a", sample_rate=RATE, channel=0), signal()[0] / 32768)


def test_blocks_are_bounded_and_the_whole(media):
    with open_recording(media / "a.mp4") as recording:
        blocks = list(recording.blocks())
        assert recording.n_read == sum(map(len, blocks))
    assert max(map(len, blocks)) < 2 * 65536
    info = read_info(media / "a.mp4")
    assert (info.sample_rate, info.channels, info.n_samples) == (RATE, 2, sum(map(len, blocks)))
    assert info.format == "MOV AAC"


def test_a_cut_is_that_slice(media):
    whole = read(media / "a.webm", sample_rate=RATE)
    cut = read(media / "a.webm", sample_rate=RATE, offset_s=0.5, duration_s=1.0)
    np.testing.assert_array_equal(cut, whole[RATE // 2 : RATE // 2 + RATE])


def test_a_pipe_of_media_is_the_file(media):
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    data = (media / "a.mp4").read_bytes()
    np.testing.assert_array_equal(read(Pipe(data)), read(media / "a.mp4"))


def test_the_audio_of_a_video_is_read(tmp_path):
    path = encode(tmp_path / "film.mp4", "aac", signal(), video=True)
    assert len(read(path)) == pytest.approx(48000, abs=1600)
    silent = encode(tmp_path / "silent.mp4", "aac", np.zeros((2, 0), np.int16), video=True)
    with pytest.raises(AudioError, match=r"silent\.mp4: holds no audio"):
        read(silent)


def test_directories_list_media(media):
    assert {path.name for path in find_audio([media])} == set(CODECS)


def test_what_neither_decoder_reads_is_one_line(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("no recording at all, just a text that is long enough to be looked at " * 20)
    with pytest.raises(
        AudioError, match=r"notes\.mp4: not a recording that can be read \(libsndfile: .*; ffmpeg: "
    ) as e:
        read(path)
    assert "\n" not in str(e.value)


def test_cut_off_media_is_refused(media, tmp_path):
    data = (media / "a.mp4").read_bytes()
    # The table of contents stands at the end.
    (tmp_path / "headless.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioError, match=r"headless\.mp4: not a recording that can be read"):
        read(tmp_path / "headless.mp4")
    with (
        av.open(str(media / "a.mp4")) as source,
        av.open(str(tmp_path / "front.mp4"), "w", options={"movflags": "faststart"}) as target,
    ):
        copy = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    data = (tmp_path / "front.mp4").read_bytes()
    assert len(read(tmp_path / "front.mp4")) == pytest.approx(48000, abs=1600)
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioError, match=r"cut\.mp4: (damaged or )?truncated"):
        read(tmp_path / "cut.mp4")


def test_without_pyav_the_line_that_installs_it_is_given(media, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(AudioError, match=r"a\.mp4: .*ffmpeg reads: pip install 'lstm-vad\[media\]'$"):
        read(media / "a.mp4")
