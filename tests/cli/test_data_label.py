"""``vad data label``, as a user calls it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vad.cli import main
from vad.formats import read_labels
from vad.manifests import read_manifests

RECORDING = Path(__file__).resolve().parents[2] / "examples" / "recording.wav"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one recording."""
    shutil.copy(RECORDING, tmp_path / "a.wav")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["data", "label", *map(str, arguments)])


def test_a_folder_becomes_a_labelled_manifest(folder: Path) -> None:
    done = run(folder, "-o", folder / "out.jsonl")
    assert done.exit_code == 0, done.output
    (row,) = read_manifests([folder / "out.jsonl"])
    assert row.label_source == "energy-and-model" and row.speech is not None and 5 < row.speech.speech_s < 12
    assert row.audio == "a.wav" and "1 of 1 recordings labelled by both" in done.stderr
    first = (folder / "out.jsonl").read_bytes()
    assert run(folder / "out.jsonl", "-o", folder / "again.jsonl").exit_code == 0
    assert (folder / "again.jsonl").read_bytes() == first  # nothing is labelled twice unasked
    relabelled = run(folder / "out.jsonl", "-o", folder / "again.jsonl", "--relabel", "--by", "energy")
    assert relabelled.exit_code == 0
    assert read_manifests([folder / "again.jsonl"])[0].label_source == "energy"


def test_the_manifest_may_go_into_a_folder_that_is_not_there_yet(folder: Path) -> None:
    done = run(folder, "-o", folder / "new" / "out.jsonl", "--by", "energy")
    assert done.exit_code == 0, done.output
    (row,) = read_manifests([folder / "new" / "out.jsonl"])
    assert row.audio == "../a.wav" and row.speech


def test_a_bad_recording_is_named_and_the_others_are_labelled(folder: Path) -> None:
    (folder / "bad.wav").write_text("no sound")
    done = run(folder, "-o", folder / "out.jsonl.gz")
    assert done.exit_code == 1 and "bad.wav" in done.stderr and "Traceback" not in done.output
    assert "1 of 2 recordings labelled" in done.stderr
    (row,) = read_manifests([folder / "out.jsonl.gz"])
    assert row.speech is not None
    times = [time for pair in row.speech.to_pairs() for time in pair]
    assert times == [round(time, 6) for time in times]


def test_label_files_are_written_beside_and_never_replaced_unasked(folder: Path) -> None:
    assert run(folder, "--beside", "audacity").exit_code == 0
    written = folder / "a.txt"
    assert read_labels(written)
    written.write_text("0.0\t1.0\tmine\n")
    done = run(folder, "--beside", "audacity")
    assert done.exit_code == 1 and "--overwrite" in done.stderr and "mine" in written.read_text()
    assert run(folder, "--beside", "audacity", "--overwrite").exit_code == 0
    assert "mine" not in written.read_text()


@pytest.mark.parametrize(
    ("arguments", "says", "status"),
    [
        ((), "give -o MANIFEST", 2),
        (("-o", "x.txt"), "a manifest is a .jsonl", 1),
        (("-o", "x.jsonl", "--set", "onset=3"), "did you mean 'onset_db'", 2),
        (("-o", "x.jsonl", "--set", "onset_db=loud"), "must be a number", 2),
        (("-o", "x.jsonl", "--by", "energy", "-m", "m.tflite"), "asks no model", 2),
        (("-o", "x.jsonl", "--by", "model", "--set", "onset_db=3"), "does not use", 2),
        (("-o", "x.jsonl", "--overwrite"), "goes with --beside", 2),
    ],
)
def test_what_cannot_be_meant_is_refused(folder: Path, arguments: tuple[str, ...], says: str, status: int) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == status and says in done.stderr, done.output
    assert not (folder / "x.jsonl").exists()
