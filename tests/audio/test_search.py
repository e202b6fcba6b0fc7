"""Finding recordings: patterns, and where each lies in what was searched."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from vad.audio import find_audio, find_recordings
from vad.errors import AudioError


@pytest.fixture
def folder(tmp_path):
    for name in (
        "b.wav",
        "a.flac",
        "deep/er/c.wav",
        "deep/d.mp4",
        "deep/.hidden.wav",
        ".git/e.wav",
        "notes.txt",
        "x.raw",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def inside(path):
    return [str(found.inside) for found in find_recordings(path)]


def test_a_file_is_itself(folder):
    (found,) = find_recordings(folder / "deep" / "er" / "c.wav")
    assert (found.path, found.inside) == (folder / "deep" / "er" / "c.wav", PurePath("c.wav"))
    assert inside(folder / "missing.wav") == ["missing.wav"]


def test_an_empty_name_is_not_the_working_directory(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(AudioError, match="'': an empty name"):
        find_recordings("")


def test_a_directory_is_mirrored(folder):
    assert inside(folder) == ["a.flac", "b.wav", "deep/d.mp4", "deep/er/c.wav"]
    assert [found.path for found in find_recordings(folder)] == find_audio([folder])


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.wav", ["b.wav"]),
        ("*", ["a.flac", "b.wav", "deep/d.mp4", "deep/er/c.wav"]),
        ("**/*.wav", ["b.wav", "deep/er/c.wav"]),
        ("**/*", ["a.flac", "b.wav", "deep/d.mp4", "deep/er/c.wav"]),
        ("[ab].*", ["a.flac", "b.wav"]),
        ("d*/e?", ["deep/er/c.wav"]),
        ("*.raw", ["x.raw"]),
    ],
)
def test_patterns_are_expanded_in_order(folder, pattern, names):
    assert inside(folder / pattern) == names


def test_patterns_are_mirrored_from_their_fixed_part(folder):
    assert inside(folder / "deep" / "**" / "*.wav") == ["er/c.wav"]


def test_a_file_may_be_named_like_a_pattern(folder):
    (folder / "a[1].wav").touch()
    assert inside(folder / "a[1].wav") == ["a[1].wav"]


def test_a_pattern_without_recordings_is_named(folder):
    with pytest.raises(AudioError, match=r"\*\.ogg: no recording matches"):
        find_recordings(folder / "*.ogg")
    with pytest.raises(AudioError, match="no recording matches"):
        find_audio([folder / "deep" / "[xyz]*"])
