"""Laws of whose labels a file holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from vad.errors import ManifestError
from vad.formats.belonging import timeline_of, within
from vad.segments import Timeline

OWN = Timeline.from_pairs([(0.5, 1.0)])
OTHER = Timeline.from_pairs([(2.0, 3.0)])
FOREIGN = {"other.wav": OTHER}


@pytest.mark.parametrize("name", ["a b.wav", "a b", "a_b", "deep/a b.wav", "../x/a_b.wav"])
def test_a_recording_is_found_by_its_name(name: str) -> None:
    assert timeline_of(Path("deep/a b.wav"), {name: OWN, **FOREIGN}, Path("all.csv")) == OWN


@pytest.mark.parametrize("name", ["", "-"])
def test_labels_without_a_name_are_taken(name: str) -> None:
    assert timeline_of(Path("a.wav"), {name: OWN}, Path("e.txt")) == OWN
    assert timeline_of(Path("a.wav"), {}, Path("e.csv")) == Timeline()


@pytest.mark.parametrize("file", ["a.csv", "a.wav.csv"])
def test_a_file_of_the_recordings_name_holds_its_labels(file: str) -> None:
    assert timeline_of(Path("a.wav"), FOREIGN, Path(file)) == OTHER


def test_labels_of_others_are_refused() -> None:
    with pytest.raises(ManifestError, match=r"e\.csv: names no recording 'a\.wav', only 'other\.wav': .* file a\.csv$"):
        timeline_of(Path("a.wav"), FOREIGN, Path("e.csv"))
    with pytest.raises(ManifestError, match=r"only 'other\.wav', 'x': correct .* labels$"):
        timeline_of(Path("a.wav"), {**FOREIGN, "x": OWN}, Path("a.csv"))


def test_of_two_of_a_name_the_path_tells_which() -> None:
    timelines = {"b/a.wav": OWN, "c/a.wav": OTHER}
    assert timeline_of(Path("c/a.wav"), timelines, Path("e.csv")) == OTHER
    with pytest.raises(ManifestError, match=r"2 recordings in it are called a\.wav \('b/a\.wav', 'c/a\.wav'\)"):
        timeline_of(Path("a.wav"), timelines, Path("e.csv"))


def test_labels_past_the_end_are_cut_or_refused() -> None:
    assert within(OTHER, 2.95, Path("a.wav")) == Timeline.from_pairs([(2.0, 2.95)])
    with pytest.raises(ManifestError, match=r"a\.wav: is 2\.000 s long, its labels reach from 2\.000 s to 3\.000 s"):
        within(OTHER, 2.0, Path("a.wav"))
