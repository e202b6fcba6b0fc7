"""Laws of the manifests that the repository carries."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.data.relabel import Labeller
from vad.errors import ManifestError
from vad.manifests import MACHINE_LABELS, Recording, find_manifests, read_manifest, read_manifests, write_manifest
from vad.segments import Timeline

BUILD = "data_manifests/build.py"
LABEL = "data_manifests/label.py"
ROW = Recording(
    id="own/a",
    audio="a.flac",
    offset_s=0.0,
    duration_s=14.0,
    kind="speech",
    speech=None,
    label_source="none",
    speaker=None,
    language=None,
    split="train",
    license="own",
    tier="permissive",
)


def unlabelled(row: Recording) -> Recording:
    return replace(row, speech=None, label_source="none")


def test_a_file_holds_the_rows_of_its_source(repository: Path) -> None:
    for path in find_manifests(["data_manifests"], repository):
        rows = read_manifest(path)
        assert {row.source for row in rows} == {path.name.removesuffix(".jsonl.gz")}


def test_they_are_small(repository: Path) -> None:
    assert sum(path.stat().st_size for path in find_manifests(["data_manifests"], repository)) < 2_000_000


def test_they_are_what_the_packed_corpus_gives(repository: Path, data_home: Path, tmp_path: Path) -> None:
    runpy.run_path(str(repository / BUILD))["build"](data_home, tmp_path)
    for path in find_manifests([tmp_path]):
        carried = read_manifest(repository / "data_manifests" / path.name)
        assert read_manifest(path) == [
            unlabelled(row) if row.label_source in MACHINE_LABELS else row for row in carried
        ]


def test_what_is_trained_on_is_labelled_and_what_judges_is_not(repository: Path) -> None:
    rows = [
        row for row in read_manifests(["data_manifests"], repository) if row.kind == "speech" and row.source != "tiny"
    ]
    assert {row.label_source for row in rows if row.split == "train"} == {"energy-and-model"}
    assert {row.label_source for row in rows if row.split != "train"} == {"none"}
    assert np.mean([bool(row.speech) for row in rows if row.split == "train"]) > 0.99


def test_labels_are_written_into_the_rows_that_are_trained_on(repository: Path, tmp_path: Path) -> None:
    label = runpy.run_path(str(repository / LABEL))["label"]
    samples, rate = soundfile.read(repository / "examples" / "recording.wav")
    soundfile.write(tmp_path / "a.flac", samples, rate)
    rows = [replace(ROW, id=f"own/{split}", split=split) for split in ("train", "dev", "test")]
    people = replace(ROW, id="own/people", speech=Timeline(), label_source="reference")
    write_manifest(tmp_path / "own.jsonl", [*rows, people])
    assert label(tmp_path / "own.jsonl", Labeller("both")) == 1
    train, *others = read_manifest(tmp_path / "own.jsonl")
    assert train.label_source == "energy-and-model" and train.speech
    assert [replace(row, folder=None) for row in others] == [*rows[1:], people]


def test_without_its_audio_a_manifest_stays_as_it_is(repository: Path, tmp_path: Path) -> None:
    label = runpy.run_path(str(repository / LABEL))["label"]
    write_manifest(tmp_path / "own.jsonl", [ROW])
    with pytest.raises(ManifestError, match=r"own\.jsonl: 1 recordings are not there; `vad data fetch` brings them"):
        label(tmp_path / "own.jsonl", Labeller("energy"))
    assert read_manifest(tmp_path / "own.jsonl")[0].speech is None


def test_originals_do_not_share_a_place(repository: Path) -> None:
    rows = [row for row in read_manifests(["data_manifests"], repository) if row.origin is not None]
    places = {(row.origin, row.origin_commit, row.origin_path) for row in rows}
    assert len(places) == len(rows)
