"""Laws of checking manifests against each other and against their audio."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.data.check import check_manifests
from vad.data.ledger import Ledger
from vad.manifests import Recording, find_manifests, original_path, write_manifest

ROW = Recording(
    id="corpus/a",
    audio="audio/a.wav",
    offset_s=1.0,
    duration_s=1.0,
    kind="speech",
    speech=None,
    label_source="none",
    speaker="corpus/1",
    language=None,
    split="train",
    license="CC0-1.0",
    tier="permissive",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    soundfile.write(tmp_path / "audio/a.wav", np.zeros(32000), 16000)
    return tmp_path


def check(home: Path, *files: list[Recording], **options: bool) -> list[str]:
    paths = []
    for number, rows in enumerate(files):
        paths.append(home / f"m{number}.jsonl")
        write_manifest(paths[-1], rows)
    return [str(problem) for problem in check_manifests(paths, home, **options).problems]


def test_a_sound_corpus_has_no_problem(home: Path) -> None:
    second = replace(ROW, id="corpus/b", offset_s=0.0, sha256=checksum(home / "audio/a.wav"))
    assert check(home, [ROW, second], checksums=True) == []


def test_a_speaker_in_two_splits_is_named_once_a_split(home: Path) -> None:
    rows = [replace(ROW, id=f"corpus/{split}{n}", split=split) for split in ("train", "dev", "test") for n in range(3)]
    found = check(home, rows[:4], rows[4:])
    assert len(found) == 2
    assert "m0.jsonl:4: 'corpus/dev0': speaker 'corpus/1' is in dev here and in train at" in found[0]
    assert "m1.jsonl:3: 'corpus/test0'" in found[1]


def test_an_id_in_two_files(home: Path) -> None:
    (found,) = check(home, [ROW], [ROW])
    assert "m1.jsonl:1: 'corpus/a': id is also the id at" in found


def test_missing_audio_is_one_line_a_manifest(home: Path) -> None:
    rows = [replace(ROW, id=f"corpus/{n}", audio=f"audio/{n}.wav") for n in range(5)]
    (found,) = check(home, [ROW, *rows])
    assert "m0.jsonl:2: 'corpus/0': audio of 5 of 6 recordings is missing, the first is 'audio/0.wav': not" in found
    assert found.endswith("put them there or correct the rows")
    named = [replace(row, origin="https://github.com/o/n", origin_commit="c", origin_path="a.wav") for row in rows]
    (found,) = check(home, named)
    assert found.endswith(f"run: vad data fetch {home / 'm0.jsonl'}")
    assert check(home, rows, audio=False) == []


def test_a_clip_beyond_the_end_of_its_file(home: Path) -> None:
    (found,) = check(home, [replace(ROW, duration_s=1.1), replace(ROW, id="corpus/b", duration_s=1.005)])
    assert "'corpus/a': duration_s reaches to 2.1 s" in found
    assert "ends at 2 s" in found


def test_audio_that_is_none(home: Path) -> None:
    (home / "audio/a.wav").write_text("no audio")
    (found,) = check(home, [ROW, replace(ROW, id="corpus/b")])
    assert "m0.jsonl:1: 'corpus/a': audio cannot be read" in found


def test_a_wrong_checksum_is_told_only_when_asked_for(home: Path) -> None:
    rows = [replace(ROW, sha256="0" * 64), replace(ROW, id="corpus/b", sha256="0" * 64), replace(ROW, id="corpus/c")]
    assert check(home, rows) == []
    (found,) = check(home, rows, checksums=True)
    assert f"is {checksum(home / 'audio/a.wav')}, stated is {'0' * 64}" in found


def test_a_fetched_original_answers_to_the_ledger(home: Path) -> None:
    row = replace(
        ROW,
        audio="packed.ogg",
        origin="https://github.com/o/n",
        origin_commit="c",
        origin_path="a.wav",
        sha256="0" * 64,
    )
    original = original_path(row, home)
    assert original is not None
    original.parent.mkdir(parents=True)
    original.write_bytes((home / "audio/a.wav").read_bytes())
    assert check(home, [row], checksums=True) == []
    Ledger(home).record(original, "1" * 64)
    (found,) = check(home, [row], checksums=True)
    assert f"stated is {'1' * 64}" in found


def test_problems_of_all_files_come_in_their_order(home: Path) -> None:
    (home / "m2.jsonl").write_text('{"id": "x"}\nno json\n')
    write_manifest(home / "m1.jsonl", [replace(ROW, audio="b.wav")])
    report = check_manifests([home / "m2.jsonl", home / "m1.jsonl"], home)
    lines = [(problem.path.name, problem.line) for problem in report.problems]
    assert lines == sorted(lines, key=lambda item: (item[0] != "m2.jsonl", item[1]))
    assert lines[-1] == ("m1.jsonl", 1)


def test_the_carried_manifests_fit_their_audio(repository: Path, data_home: Path) -> None:
    report = check_manifests(find_manifests(["data_manifests"], repository), data_home)
    assert report.problems == ()
    assert report.files >= 72


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
