"""The sound of a page keeps time."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.audio import read
from vad.detector import Detector
from vad.pictures import Detail, Source, look
from vad.pictures.audio import encode


@pytest.mark.parametrize("lossless", [True, False])
def test_every_sample_is_where_it_was(
    energy_artifact: Path, bursts: Path, monkeypatch: pytest.MonkeyPatch, lossless: bool
) -> None:
    if not lossless:
        monkeypatch.setattr("vad.pictures.audio._LOSSLESS_S", 1.0)
    view = look(Source(bursts), Detector(energy_artifact), span=(1.75, 6.5), detail=Detail())
    sound = encode(Source(bursts), view)
    assert sound is not None
    assert sound.media_type == ("audio/flac" if lossless else "audio/ogg; codecs=vorbis")
    decoded, rate = soundfile.read(io.BytesIO(sound.data), dtype="float32")
    wanted = read(bursts, offset_s=1.75, duration_s=4.75)
    assert (rate, len(decoded)) == (16000, len(wanted))
    if lossless:
        assert np.abs(decoded - wanted).max() < 2 / 32768
    else:
        shifts = [np.dot(decoded[100:-100], np.roll(wanted, shift)[100:-100]) for shift in range(-80, 81)]
        assert int(np.argmax(shifts)) == 80


def test_what_is_too_long_is_left_out(energy_artifact: Path, bursts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vad.pictures.audio.LIMIT_S", 3.0)
    view = look(Source(bursts), Detector(energy_artifact))
    assert encode(Source(bursts), view) is None
