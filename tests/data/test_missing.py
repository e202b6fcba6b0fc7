"""Laws of saying what is missing."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from vad.data.missing import missing, origin_address, size_in_words
from vad.manifests import Recording, original_path, read_manifests

ROW = Recording(
    id="corpus/a b.flac",
    audio="audio/corpus.ogg",
    offset_s=0.0,
    duration_s=1800.0,
    kind="speech",
    speech=None,
    label_source="none",
    speaker=None,
    language=None,
    split="train",
    license="CC0-1.0",
    tier="permissive",
    origin="https://github.com/owner/name",
    origin_commit="abc",
    origin_path="a b.flac",
)


def test_what_is_missing_is_summed_by_source(tmp_path: Path) -> None:
    there = replace(ROW, id="corpus/there", origin_path="there.wav")
    path = original_path(there, tmp_path)
    assert path is not None
    path.parent.mkdir(parents=True)
    path.touch()
    rows = [ROW, there, replace(ROW, id="other/1"), replace(ROW, id="other/2", license="MIT")]
    found = missing(rows, tmp_path)
    assert [(s.source, s.recordings, s.hours) for s in found.sources] == [("corpus", 1, 0.5), ("other", 2, 1.0)]
    assert found.sources[1].licenses == ("CC0-1.0", "MIT")
    assert found.hours == 1.5
    assert found.size_bytes > 0
    assert len(found.rows) == 3


def test_the_message_names_the_command_to_run(tmp_path: Path) -> None:
    message = missing([ROW], tmp_path).message(["my data/m.jsonl"], tmp_path)
    assert "1 recordings (0.5 h, about 45 MB) are not in" in message
    command = shlex.split(message.rpartition("run: ")[2])
    assert command == ["vad", "data", "fetch", "my data/m.jsonl"]
    assert "\n" not in message


def test_the_message_counts_what_the_command_cannot_bring(tmp_path: Path) -> None:
    message = missing([ROW, replace(ROW, id="x", origin_commit="history")], tmp_path).message(["m.jsonl"], tmp_path)
    assert message.endswith("m.jsonl (1 of them have to be had elsewhere, it says where)")


def test_nothing_missing_is_no_message(tmp_path: Path) -> None:
    assert missing([], tmp_path).message([], tmp_path) == ""


def test_addresses_are_quoted() -> None:
    row = replace(ROW, origin_path="We're #1/cmn-一.mp3")
    assert origin_address(row) == "https://raw.githubusercontent.com/owner/name/abc/We%27re%20%231/cmn-%E4%B8%80.mp3"
    assert origin_address(row, "http://mirror/") == "http://mirror/owner/name/abc/We%27re%20%231/cmn-%E4%B8%80.mp3"
    assert origin_address(replace(ROW, origin_commit="history")) is None


def test_sizes_for_people() -> None:
    assert [size_in_words(size) for size in (2e3, 3.4e6, 1.25e9)] == ["2 kB", "3 MB", "1.2 GB"]


def test_all_carried_corpora_can_be_fetched_or_say_why_not(repository: Path, tmp_path: Path) -> None:
    rows = [row for row in read_manifests(["data_manifests"], repository) if row.origin is not None]
    found = missing(rows, tmp_path)
    assert len(found.rows) == len(rows)
    obstacles = {source.source: source.obstacle for source in found.sources if source.obstacle is not None}
    assert set(obstacles) == {"cdda-sounds", "librispeech-deep", "ljspeech"}
    assert "openslr.org/12" in str(obstacles["librispeech-deep"])
    assert "keithito.com/LJ-Speech-Dataset" in str(obstacles["ljspeech"])
    assert all(row.sha256 is not None for row in rows)
