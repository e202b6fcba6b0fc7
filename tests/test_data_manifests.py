"""Laws of the manifests that the repository carries."""

from __future__ import annotations

import runpy
from pathlib import Path

from vad.manifests import find_manifests, read_manifest, read_manifests

BUILD = "data_manifests/build.py"


def test_a_file_holds_the_rows_of_its_source(repository: Path) -> None:
    for path in find_manifests(["data_manifests"], repository):
        rows = read_manifest(path)
        assert {row.source for row in rows} == {path.name.removesuffix(".jsonl.gz")}


def test_they_are_small(repository: Path) -> None:
    assert sum(path.stat().st_size for path in find_manifests(["data_manifests"], repository)) < 2_000_000


def test_they_are_what_the_packed_corpus_gives(repository: Path, data_home: Path, tmp_path: Path) -> None:
    runpy.run_path(str(repository / BUILD))["build"](data_home, tmp_path)
    for path in find_manifests([tmp_path]):
        assert read_manifest(path) == read_manifest(repository / "data_manifests" / path.name)


def test_originals_do_not_share_a_place(repository: Path) -> None:
    rows = [row for row in read_manifests(["data_manifests"], repository) if row.origin is not None]
    places = {(row.origin, row.origin_commit, row.origin_path) for row in rows}
    assert len(places) == len(rows)
