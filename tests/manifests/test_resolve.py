"""Laws of finding a row's audio."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vad.errors import AudioError
from vad.manifests import (
    Clip,
    Recording,
    absence,
    data_home,
    found_clip,
    original_path,
    read_manifest,
    resolve,
    write_manifest,
)

ROW = Recording(
    id="corpus/a.wav",
    audio="audio/corpus/pack.ogg",
    offset_s=3.0,
    duration_s=2.0,
    kind="noise",
    speech=None,
    label_source="none",
    speaker=None,
    language=None,
    split="train",
    license="CC0-1.0",
    tier="permissive",
    origin="https://github.com/owner/name",
    origin_commit="abc123",
    origin_path="dir/a b.wav",
)


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_packed_copy_then_beside_the_manifest_then_original(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "manifests"
    row = replace(ROW, folder=folder)
    assert resolve(row, home) is None
    original = touch(home / "originals/github.com/owner/name/abc123/dir/a b.wav")
    assert resolve(row, home) == Clip(original, 0.0, 2.0)
    beside = touch(folder / "audio/corpus/pack.ogg")
    assert resolve(row, home) == Clip(beside, 3.0, 2.0)
    packed = touch(home / "audio/corpus/pack.ogg")
    assert resolve(row, home) == Clip(packed, 3.0, 2.0)


OWN = replace(ROW, origin=None, origin_commit=None, origin_path=None)


@pytest.mark.parametrize(
    ("rows", "remedy"),
    [
        ([ROW, ROW], "run: vad data fetch m.jsonl"),
        ([OWN], "put it there or correct the row"),
        ([OWN, OWN], "put them there or correct the rows"),
        (
            [OWN, ROW],
            "run: vad data fetch m.jsonl for the 1 whose rows name an origin, put the others there or correct",
        ),
    ],
)
def test_fetching_is_advised_where_there_is_an_origin(rows: list[Recording], remedy: str) -> None:
    assert remedy in absence(rows, Path("home"), "m.jsonl")


def test_every_place_is_named_and_the_audio_once(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "manifests"
    with pytest.raises(AudioError) as told:
        found_clip(replace(OWN, id=OWN.audio, folder=folder), home)
    assert str(told.value) == f"audio not found under {home} or {folder}; put it there or correct the row"
    with pytest.raises(AudioError, match=f"^audio '{OWN.audio}' not found under {home} or {folder}; "):
        found_clip(replace(OWN, folder=folder), home)
    touch(folder / OWN.audio)
    assert found_clip(replace(OWN, folder=folder), home).path == folder / OWN.audio


def test_a_corpus_in_the_repository_lies_beside_its_manifest(tmp_path: Path) -> None:
    row = replace(ROW, audio="../examples/a.wav", offset_s=0.0)
    audio = touch(tmp_path / "examples/a.wav")
    write_manifest(tmp_path / "data_manifests/tiny.jsonl.gz", [row])
    (read,) = read_manifest(tmp_path / "data_manifests/tiny.jsonl.gz")
    clip = resolve(read, tmp_path / "home")
    assert clip is not None
    assert clip.path.resolve() == audio


def test_parents_never_leave_the_data_home(tmp_path: Path) -> None:
    touch(tmp_path / "secret.wav")
    assert resolve(replace(ROW, audio="../secret.wav"), tmp_path / "home") is None


def test_a_file_of_the_history_can_be_put_into_its_place(tmp_path: Path) -> None:
    row = replace(ROW, origin_commit="history")
    original = touch(tmp_path / "originals/github.com/owner/name/history/dir/a b.wav")
    assert resolve(row, tmp_path) == Clip(original, 0.0, 2.0)


def test_without_an_origin_there_is_no_original(tmp_path: Path) -> None:
    assert original_path(replace(ROW, origin=None, origin_commit=None, origin_path=None), tmp_path) is None


def test_the_data_home_is_stated_or_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path))
    assert data_home() == tmp_path
    monkeypatch.delenv("VAD_DATA_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    assert data_home() == tmp_path / "cache" / "lstm-vad"
