"""`vad split`: every segment sample for sample, named and listed; nothing half-written, nothing of others removed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from vad.cli import main
from vad.detector import Detector


@pytest.fixture
def split(energy_artifact, corpus, monkeypatch):
    monkeypatch.chdir(corpus)

    def run(*arguments: str, **settings) -> Result:
        return CliRunner().invoke(main, ["split", "-m", str(energy_artifact), *arguments], **settings)

    return run


def index(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]


def test_segments_are_the_samples_of_the_recording(split, corpus, tmp_path, energy_artifact):
    done = split(".", "-o", str(tmp_path / "out"))
    assert (done.exit_code, done.stdout) == (1, "")
    rows = index(tmp_path / "out")
    assert {row["recording"] for row in rows} == {
        *("a.wav", "e.wav", "e.flac", "deep/b.flac", "deep/er/c.wav", "deep/er/d.wav")
    }
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*_*")}
    assert written == {row["audio"] for row in rows}
    for row in rows:
        whole, rate = soundfile.read(corpus / row["recording"], dtype="int32")
        with soundfile.SoundFile(tmp_path / "out" / row["audio"]) as part:
            original = soundfile.info(corpus / row["recording"])
            assert (part.format, part.subtype, part.samplerate) == (original.format, original.subtype, rate)
            found = part.read(dtype="int32")
        np.testing.assert_array_equal(found, whole[row["start_sample"] : row["end_sample"]])
        assert row["start"] == round(row["start_sample"] / rate, 6)
        stem = row["audio"].rsplit("/")[-1]
        assert stem.split("_", 1)[1].startswith(("0001_0.9", "0002_2.9"))
        assert f"_{row['start']:.3f}-{row['end']:.3f}." in stem
    for name in ("a.wav", "deep/b.flac"):
        expected = Detector(energy_artifact).detect(corpus / name)
        found = [(row["start"], row["end"]) for row in rows if row["recording"] == name]
        assert found == [pytest.approx((s.start, s.end), abs=3e-5) for s in expected]
    # Speech to the end goes to the last sample.
    (last,) = [row for row in rows if row["recording"] == "deep/b.flac" and row["start"] > 2.5]
    assert last["end_sample"] == 4 * 44100 + 77


def test_a_pipe_and_raw_samples_are_split(split, corpus, tmp_path):
    data = (corpus / "a.wav").read_bytes()
    assert split("-", "-o", str(tmp_path / "pipe"), input=data).exit_code == 0
    raw = ["--raw-rate", "16000", "--raw-channels", "2"]
    assert split("-", "-o", str(tmp_path / "raw"), *raw, input=data[44:]).exit_code == 0
    assert split("a.wav", "-o", str(tmp_path / "file")).exit_code == 0
    parts = [
        [soundfile.read(tmp_path / kind / row["audio"], dtype="int16")[0] for row in index(tmp_path / kind)]
        for kind in ("pipe", "raw", "file")
    ]
    for pipe, raw_part, file in zip(*parts, strict=True):
        np.testing.assert_array_equal(pipe, file)
        np.testing.assert_array_equal(raw_part, file)
    assert all(row["audio"].startswith("stdin_0") and row["recording"] == "-" for row in index(tmp_path / "pipe"))


def test_a_folder_of_another_run_is_refused_or_replaced(split, tmp_path):
    out = tmp_path / "out"
    assert split("a.wav", "-o", str(out)).exit_code == 0
    (out / "mine.wav").write_text("not of this run")
    refused = split("e.wav", "-o", str(out))
    assert refused.exit_code == 2
    assert "holds the segments of another run" in refused.stderr
    assert split("e.wav", "-o", str(out), "--overwrite", "--pad-end", "0.1").exit_code == 0
    assert {path.name for path in out.iterdir()} == {"mine.wav", "index.jsonl", *(row["audio"] for row in index(out))}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_earlier_run_stays_until_there_is_another(split, corpus, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert split("a.wav", "-o", str(out)).exit_code == 0
    before = contents(out)
    for inputs in (["missing.wav"], ["cut.wav", "quiet.wav"]):
        done = split(*inputs, "-o", str(out), "--overwrite")
        assert done.exit_code == 1
        assert f"1 failed; {out} keeps those of the earlier run" in done.stderr
        assert contents(out) == before
    for inputs in (str(out), str(out / index(out)[0]["audio"])):
        refused = split(inputs, "-o", str(out), "--overwrite")
        assert refused.exit_code == 2
        assert "is a segment of the run that --overwrite replaces" in refused.stderr
        assert contents(out) == before

    def interrupt(*_):
        raise KeyboardInterrupt

    # The second recording is given up, when the first one's segments are written.
    monkeypatch.setattr("vad.cli.progress.Progress.done", interrupt)
    assert split("e.wav", "a.wav", "-o", str(out), "--overwrite").exit_code == 1
    assert contents(out) == before


def test_a_run_that_finds_no_speech_replaces_the_earlier_one(split, tmp_path):
    assert split("a.wav", "-o", str(tmp_path)).exit_code == 0
    assert split("quiet.wav", "-o", str(tmp_path), "--overwrite").exit_code == 0
    assert contents(tmp_path) == {"index.jsonl": b""}


def test_an_index_that_points_elsewhere_removes_nothing_there(split, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "precious.wav").touch()
    (tmp_path / "out" / "index.jsonl").write_text('{"audio": "../precious.wav"}\nnonsense\n{"audio": 3}\n')
    assert split("a.wav", "-o", str(tmp_path / "out"), "--overwrite").exit_code == 0
    assert (tmp_path / "precious.wav").exists()


def test_lossy_recordings_are_encoded_anew_and_it_is_said(split, corpus, tmp_path):
    samples, rate = soundfile.read(corpus / "a.wav")
    soundfile.write(tmp_path / "a.ogg", samples, rate)
    done = split(str(tmp_path / "a.ogg"), "-o", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert "OGG VORBIS loses something each time: copies are encoded anew" in done.stderr
    assert all(soundfile.info(tmp_path / "out" / row["audio"]).subtype == "VORBIS" for row in index(tmp_path / "out"))


def test_failures_are_named_and_quiet_recordings_noted(split, tmp_path):
    done = split("cut.wav", "quiet.wav", "-o", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert "vad: cut.wav: truncated" in done.stderr
    assert "vad: quiet.wav: no speech found" in done.stderr
    assert index(tmp_path / "out") == []
