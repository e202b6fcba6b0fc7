"""Laws of importing one's own recordings with their label files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.data.check import check_manifests
from vad.data.imports import ImportOptions, import_folder
from vad.errors import ConfigError, ManifestError
from vad.formats import Entry, SpeechLabels, write_labels
from vad.manifests import read_manifest, resolve, write_manifest
from vad.segments import Timeline

SPEECH = Timeline.from_pairs([(0.25, 0.5), (1.0, 1.75)])


def record(path: Path, seconds: float = 2.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(round(16000 * seconds)), 16000)
    return path


def label(path: Path, *entries: Entry) -> None:
    write_labels(path, entries or [Entry(path.stem, SPEECH, 2.0)])


def options(**changes: object) -> ImportOptions:
    return ImportOptions(**{"source": "own", **changes})  # type: ignore[arg-type]


def problems_of(folder: Path, **changes: object) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        import_folder(folder, folder / "m.jsonl", options(**changes))
    return str(caught.value).splitlines()


@pytest.mark.parametrize("suffix", [".rttm", ".txt", ".TextGrid", ".csv"])
def test_labels_beside_their_recording(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "my recordings"
    record(folder / "deep/one two.wav")
    label(folder / f"deep/one two{suffix}")
    (folder / "README.txt").write_text("not labels")
    output = tmp_path / "manifests/own.jsonl.gz"
    (row,) = import_folder(folder, output, options(language="en", split="dev"))
    assert (row.id, row.audio) == ("own/deep/one two.wav", "../my recordings/deep/one two.wav")
    assert (row.speech, row.label_source, row.duration_s) == (SPEECH, "reference", 2.0)
    write_manifest(output, [row])
    (read,) = read_manifest(output)
    clip = resolve(read, tmp_path / "home")
    assert clip is not None
    assert clip.path.samefile(folder / "deep/one two.wav")
    assert check_manifests([output], tmp_path / "home", checksums=True).problems == ()


def test_one_file_for_many_recordings(tmp_path: Path) -> None:
    names = ["a.wav", "deep/b b.wav", "c.wav"]
    for name in names:
        record(tmp_path / name)
    # RTTM has no lines for what has no speech, and no spaces in names.
    label(tmp_path / "all.rttm", Entry("a", SPEECH), Entry("b b", SPEECH.shift(0.25)))
    rows = import_folder(tmp_path, tmp_path / "m.jsonl", options(unlabelled="no-speech"))
    assert {row.id: row.speech for row in rows} == {
        "own/a.wav": SPEECH,
        "own/c.wav": Timeline(),
        "own/deep/b b.wav": SPEECH.shift(0.25),
    }
    assert [row.label_source for row in rows] == ["reference", "no-speech", "reference"]
    skipped = import_folder(tmp_path, tmp_path / "m.jsonl", options(unlabelled="skip"))
    assert len(skipped) == 2
    (found,) = problems_of(tmp_path)
    assert "c.wav: has no labels" in found


@pytest.mark.parametrize("name", ["all.rttm", "all.csv", "all.json", "all.jsonl"])
def test_names_as_vad_detect_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    record(Path("im/x y.wav"))
    record(Path("im/deep/z.wav"))
    label(Path("im") / name, Entry("im/x y.wav", SPEECH, 2.0), Entry(str(tmp_path / "im/deep/z.wav"), SPEECH, 2.0))
    format = "auto" if name in ("all.rttm", "all.csv") else Path(name).suffix[1:]
    rows = import_folder(Path("im"), Path("im.jsonl"), options(labels_format=format))
    assert [row.speech for row in rows] == [SPEECH, SPEECH]


def test_a_table_that_names_no_recording_is_something_else(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    label(tmp_path / "a.txt")
    label(tmp_path / "other.csv", Entry("elsewhere.wav", SPEECH, 2.0))
    (tmp_path / "prices.csv").write_text("what,price\napples,2\n")
    (row,) = import_folder(tmp_path, tmp_path / "m.jsonl", options())
    assert row.speech == SPEECH
    # One that names some recordings is labels, and so has to be right in all.
    (tmp_path / "a.txt").unlink()
    label(tmp_path / "all.csv", Entry("a.wav", SPEECH, 2.0), Entry("b.wav", SPEECH, 2.0))
    (problem,) = problems_of(tmp_path)
    assert "all.csv: 'b.wav' names no recording" in problem


def test_labels_in_a_folder_or_file_of_their_own(tmp_path: Path) -> None:
    record(tmp_path / "audio/a.wav")
    (tmp_path / "labels").mkdir()
    label(tmp_path / "labels/a.txt")
    table = tmp_path / "table.csv"
    label(table, Entry("a.wav", SPEECH))
    for where in (tmp_path / "labels", table):
        (row,) = import_folder(tmp_path / "audio", tmp_path / "m.jsonl", options(labels=where))
        assert row.speech == SPEECH


def test_every_problem_at_once(tmp_path: Path) -> None:
    record(tmp_path / "good.wav")
    label(tmp_path / "good.txt")
    (tmp_path / "text.wav").write_text("no audio")
    label(tmp_path / "text.txt")
    record(tmp_path / "twice.wav")
    label(tmp_path / "twice.txt")
    label(tmp_path / "twice.TextGrid")
    record(tmp_path / "long.wav", 1.0)
    label(tmp_path / "long.txt")
    record(tmp_path / "torn.wav")
    (tmp_path / "torn.txt").write_text("1.0\tx\n")
    label(tmp_path / "orphan.TextGrid")
    label(tmp_path / "all.rttm", Entry("nobody", SPEECH))
    found = "\n".join(problems_of(tmp_path))
    for expected in (
        "text.wav",
        "twice.wav: has labels in",
        "long.wav: is 1.000 s long, its labels reach from 0.250 s to 1.750 s",
        "torn.txt:1: the end must be a time",
        "orphan.TextGrid: there is no recording of this name",
        "'nobody' names no recording",
    ):
        assert expected in found
    assert "good.wav" not in found
    assert "torn.wav" not in found


def test_a_name_that_two_recordings_have(tmp_path: Path) -> None:
    record(tmp_path / "x/a.wav")
    record(tmp_path / "y/a.wav")
    label(tmp_path / "all.rttm", Entry("a", SPEECH))
    found = problems_of(tmp_path, unlabelled="skip")
    assert "'a' is the name of 2 recordings" in found[0]
    label(tmp_path / "all.rttm", Entry("x/a", SPEECH), Entry("y/a.wav", SPEECH))
    assert len(import_folder(tmp_path, tmp_path / "m.jsonl", options())) == 2


def test_labels_are_cut_at_the_end_of_the_recording(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", 1.7)
    label(tmp_path / "a.txt")
    (row,) = import_folder(tmp_path, tmp_path / "m.jsonl", options())
    assert row.speech == Timeline.from_pairs([(0.25, 0.5), (1.0, 1.7)])


def test_which_labels_are_speech(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text("0\t0.5\tspeech\n0.5\t1\tsilence\n1\t1.5\tlaugh\n")
    (row,) = import_folder(tmp_path, tmp_path / "m.jsonl", options())
    assert row.speech == Timeline.from_pairs([(0, 0.5), (1, 1.5)])
    only = options(speech=SpeechLabels(only=frozenset({"laugh"})))
    (row,) = import_folder(tmp_path, tmp_path / "m.jsonl", only)
    assert row.speech == Timeline.from_pairs([(1, 1.5)])


@pytest.mark.parametrize("kind", ["noise", "music", "nonverbal", "babble", "rir"])
def test_kinds_without_speech_take_no_labelled_speech(tmp_path: Path, kind: str) -> None:
    record(tmp_path / "a.wav")
    label(tmp_path / "a.txt")
    (problem,) = problems_of(tmp_path, kind=kind)
    assert f"own/a.wav: is labelled as speech, as 1 of 1 recordings are, and kind '{kind}' holds none" in problem
    (tmp_path / "a.txt").write_text("0\t0.5\tsilence\n")
    assert not import_folder(tmp_path, tmp_path / "m.jsonl", options(kind=kind))[0].speech


def test_folders_without_labels(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    (noise,) = import_folder(tmp_path, tmp_path / "m.jsonl", options(labels_format="none", kind="noise"))
    assert (noise.speech, noise.label_source) == (Timeline(), "no-speech")
    (speech,) = import_folder(tmp_path, tmp_path / "m.jsonl", options(labels_format="none", kind="speech"))
    assert (speech.speech, speech.label_source) == (None, "none")
    with pytest.raises(ConfigError, match="does not go with"):
        import_folder(tmp_path, tmp_path / "m.jsonl", options(labels_format="none"))


@pytest.mark.parametrize(
    ("speaker_from", "expected"),
    [("none", None), ("folder", "own/anna"), ("name", "own/anna_01-x"), ("prefix", "own/anna")],
)
def test_who_speaks(tmp_path: Path, speaker_from: str, expected: str | None) -> None:
    record(tmp_path / "anna/anna_01-x.wav")
    label(tmp_path / "anna/anna_01-x.txt")
    (row,) = import_folder(tmp_path, tmp_path / "m.jsonl", options(speaker_from=speaker_from))
    assert row.speaker == expected


def test_no_folder_to_name_the_speaker(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    label(tmp_path / "a.txt")
    assert "--speaker-from" in problems_of(tmp_path, speaker_from="folder")[0]
