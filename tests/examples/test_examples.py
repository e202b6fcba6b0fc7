"""What the repository carries to begin with: a recording with its segments, and a small corpus made by rule."""

import hashlib
import shutil
import sys

import numpy as np
import pytest

from vad.audio import read, read_info
from vad.formats import read_labels
from vad.manifests import read_manifest, resolve

MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def rows(repository):
    return read_manifest(repository / "data_manifests" / "tiny.jsonl.gz")


def test_the_recording_is_speech_in_noise_with_pauses(repository):
    path = repository / "examples" / "recording.wav"
    info = read_info(path)
    assert (info.sample_rate, info.channels, info.format) == (16000, 1, "WAV PCM_16")
    assert 10 <= info.duration_s <= 15
    speech = read_labels(path.with_suffix(".csv"))
    assert speech.speech_s > 5 and speech[len(speech) - 1].end < info.duration_s
    assert all(0.25 < gap.duration < 2 for gap in speech.gaps(speech[0].start, speech[len(speech) - 1].end))
    samples = read(path)
    power = [
        np.mean(np.concatenate([samples[int(s.start * 16000) : int(s.end * 16000)] for s in line]) ** 2)
        for line in (speech, speech.gaps(0, info.duration_s))
    ]
    # Speech with noise over noise alone: 10 to 15 dB of speech over noise.
    assert 10 < 10 * np.log10((power[0] - power[1]) / power[1]) < 15


def test_the_corpus_is_small_and_whole(rows, repository, tmp_path):
    folder = repository / "examples" / "corpus"
    assert sum(path.stat().st_size for path in folder.iterdir()) < MAX_BYTES
    used = set()
    for row in rows:
        clip = resolve(row, tmp_path)
        assert clip is not None and clip.path.resolve().parent == folder.resolve()
        used.add(clip.path.name)
    assert used == {path.name for path in folder.iterdir()}
    checksums = {row.audio: row.sha256 for row in rows}
    for path in folder.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == checksums[f"../examples/corpus/{path.name}"]


def test_every_clip_of_the_corpus_is_where_its_row_says(rows, tmp_path):
    wholes = {}
    for row in rows:
        clip = resolve(row, tmp_path)
        if clip.path not in wholes:
            wholes[clip.path] = read(clip.path)
        start, length = round(clip.offset_s * 16000), round(clip.duration_s * 16000)
        whole = wholes[clip.path]
        assert start + length <= len(whole)
        # Silence before and after: a clip that was cut off would sound there.
        around = np.concatenate(
            [whole[start - 2000 : start - 500], whole[start + length + 500 : start + length + 2000]]
        )
        inside = whole[start : start + length]
        assert np.mean(around**2) < 0.05 * np.mean(inside**2), row.id


def test_the_corpus_has_what_a_training_needs(rows):
    minutes = {}
    for row in rows:
        minutes[row.split, row.kind] = minutes.get((row.split, row.kind), 0) + row.duration_s / 60
    assert minutes["train", "speech"] > 10 and minutes["dev", "speech"] > 2.5
    assert minutes["train", "noise"] + minutes["train", "music"] > 5
    assert minutes["dev", "noise"] + minutes["dev", "music"] > 1.5
    speakers = {
        split: {row.speaker for row in rows if row.split == split and row.speaker} for split in ("train", "dev")
    }
    languages = {split: {row.language for row in rows if row.split == split and row.language} for split in speakers}
    assert len(languages["train"]) >= 6
    assert not speakers["train"] & speakers["dev"] and not languages["train"] & languages["dev"]
    assert {row.license for row in rows} == {"CC0-1.0"}


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: the voices cannot be made")
def test_the_script_makes_the_recording(repository, tmp_path, monkeypatch):
    examples = repository / "examples"
    for name in ("make_recording.py", "synthesis.py"):
        shutil.copy(examples / name, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("make_recording", "synthesis"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import make_recording

    make_recording.main()
    made, carried = read(tmp_path / "recording.wav"), read(examples / "recording.wav")
    # Versions of espeak-ng speak a little differently.
    assert len(made) == len(carried)
    assert abs(read_labels(tmp_path / "recording.csv").speech_s - read_labels(examples / "recording.csv").speech_s) < 1
