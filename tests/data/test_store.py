"""Laws of the store of decoded audio."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad import audio
from vad.data.corpus import SourceClip
from vad.data.reach import ROUNDING_S
from vad.data.store import AudioStore
from vad.errors import AudioError
from vad.manifests import read_manifest, resolve

RATE = 16000


def clip(path: Path, offset_s: float, duration_s: float) -> SourceClip:
    return SourceClip("a/b", path, offset_s, duration_s, "x", None)


def test_pieces_are_those_of_the_whole_file(tmp_path: Path) -> None:
    samples = np.round(np.random.default_rng(0).normal(0, 3000, RATE)).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    store = AudioStore(tmp_path / "store", RATE)
    whole = samples.astype(np.float32) / 32768
    found = store.read(clip(tmp_path / "a.wav", 0.25, 0.5))
    assert found.dtype == np.float32 and np.array_equal(found, whole[4000:12000])
    assert np.array_equal(
        store.read(clip(tmp_path / "a.wav", 0.25, 0.5), start_s=0.125, duration_s=0.25), whole[6000:10000]
    )
    assert np.array_equal(store.read(clip(tmp_path / "a.wav", 0.75, 0.25), duration_s=9.0), whole[12000:])
    assert len(list((tmp_path / "store").iterdir())) == 1


@pytest.mark.parametrize("offset_s", [0.75, 1.5], ids=["partly", "wholly"])
def test_a_file_that_ends_before_its_clip_is_named(tmp_path: Path, offset_s: float) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(RATE, 0.5), RATE)
    store = AudioStore(tmp_path / "store", RATE)
    with pytest.raises(AudioError, match=r"a\.wav: must reach to .* ends at 1 s: correct"):
        store.read(clip(tmp_path / "a.wav", offset_s, 0.5))
    assert len(store.read(clip(tmp_path / "a.wav", 0.75, 0.5), duration_s=0.25)) == RATE // 4


def test_durations_may_be_rounded(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(RATE, 0.5), RATE)
    store = AudioStore(tmp_path / "store", RATE)
    assert len(store.read(clip(tmp_path / "a.wav", 0.5, 0.5 + ROUNDING_S))) == RATE // 2


def test_the_folder_may_be_deleted_at_any_time(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(RATE, 0.5), RATE)
    store = AudioStore(tmp_path / "store", RATE)
    first = store.read(clip(tmp_path / "a.wav", 0, 1))
    shutil.rmtree(tmp_path / "store")
    assert np.array_equal(store.read(clip(tmp_path / "a.wav", 0, 1)), first)


def test_a_replaced_file_is_decoded_again(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    for value in (0.25, 0.5):
        soundfile.write(path, np.full(RATE, value), RATE)
        os.utime(path, ns=(0, int(value * 100)))
        assert AudioStore(tmp_path / "store", RATE).read(clip(path, 0, 1))[5] == value


def test_other_rates_and_channels_are_made_mono_at_the_rate(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.random.default_rng(0).normal(0, 0.1, (8000, 2)), 8000)
    assert AudioStore(tmp_path / "store", RATE).read(clip(tmp_path / "a.flac", 0, 1)).shape == (RATE,)


def test_what_cannot_be_decoded_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no audio")
    with pytest.raises(AudioError, match=r"a\.wav"):
        AudioStore(tmp_path / "store", RATE).read(clip(tmp_path / "a.wav", 0, 1))
    assert list((tmp_path / "store").glob("*")) == []


def test_a_recording_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"a\.wav: cannot be opened: No such file"):
        AudioStore(tmp_path / "store", RATE).read(clip(tmp_path / "a.wav", 0, 1))


def test_clips_of_packed_recordings_are_where_the_manifest_says(data_home: Path, tmp_path: Path) -> None:
    rows = read_manifest(data_home / "manifests/nonverbal.dev.jsonl")[:3]
    store = AudioStore(tmp_path, RATE)
    for row in rows:
        found = resolve(row, data_home)
        assert found is not None
        stored = store.read(SourceClip(row.id, found.path, found.offset_s, found.duration_s, "x", None))
        read = audio.read(found.path, offset_s=found.offset_s, duration_s=found.duration_s)
        assert len(stored) == len(read) and np.corrcoef(stored, read)[0, 1] > 0.999
