"""Batches of `vad detect`: one file a recording, processes side by side, failures, interruptions, resuming."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from vad.cli import main
from vad.cli.printing import STYLES
from vad.detector import Detector
from vad.formats import FORMATS, read_labels

GOOD = ["a.wav", "deep/b.flac", "deep/er/c.wav", "deep/er/d.wav", "e.flac", "e.wav", "quiet.wav"]
STEMS = ["a", "deep/b", "deep/er/c", "deep/er/d", "e.flac", "e.wav", "quiet"]


@pytest.fixture
def detect(energy_artifact, corpus, monkeypatch):
    """Runs the command in the folder of recordings."""
    monkeypatch.chdir(corpus)

    def run(*arguments: str, **settings) -> Result:
        return CliRunner().invoke(main, ["detect", "-m", str(energy_artifact), *arguments], **settings)

    return run


@pytest.fixture
def process(energy_artifact, corpus):
    """Starts the command in a process of its own, in the folder of recordings."""

    def start(*arguments: str, **settings) -> subprocess.Popen:
        command = [sys.executable, "-m", "vad", "detect", "-m", str(energy_artifact), *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=corpus, **{**pipes, **settings})

    return start


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("style", STYLES)
def test_a_directory_gets_a_file_for_each_recording(detect, energy_artifact, corpus, tmp_path, style):
    done = detect(str(corpus), "-f", style, "-o", f"{tmp_path}/out/")
    assert (done.exit_code, done.stdout) == (1, "")
    suffix = ".txt" if style == "table" else FORMATS[style].suffixes[0]
    assert files(tmp_path / "out") == sorted(f"{stem}{suffix}" for stem in STEMS)
    if style not in ("table", "srt", "vtt"):
        detector = Detector(energy_artifact)
        for stem, name in zip(STEMS, GOOD, strict=True):
            assert read_labels(tmp_path / "out" / f"{stem}{suffix}") == detector.detect(corpus / name)


def test_the_summary_counts(detect, corpus, tmp_path):
    done = detect(str(corpus), "missing.wav", "-o", f"{tmp_path}/")
    lines = done.stderr.splitlines()
    assert any(line.startswith(f"vad: {corpus}/cut.wav: truncated") for line in lines)
    assert "vad: missing.wav: cannot be opened: No such file or directory" in lines
    assert lines[-1].startswith("vad: 9 recordings: 7 done, 2 failed, 0.01 h heard at ")


def test_recordings_of_the_same_name_from_two_places_are_refused(detect, corpus, tmp_path):
    shutil.copy(corpus / "a.wav", tmp_path / "a.wav")
    done = detect("a.wav", str(tmp_path / "a.wav"), "-o", f"{tmp_path}/out/")
    assert done.exit_code == 2
    assert "would have the same output a.wav: name the directory that holds both" in done.stderr


@pytest.mark.parametrize("style", ["audacity", "textgrid", "srt", "vtt"])
def test_formats_of_one_recording_want_a_directory_for_several(detect, style):
    done = detect("a.wav", "e.wav", "-f", style)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"a file in the format {style} holds one recording, and here are 2: name a directory" in done.stderr


@pytest.mark.parametrize("style", ["table", *(name for name in STYLES if name in FORMATS and FORMATS[name].several)])
def test_processes_side_by_side_print_the_same(process, tmp_path, style):
    outputs = []
    for jobs in ("1", "2"):
        running = process(".", "-f", style, "-j", jobs, "--posteriors", f"{tmp_path}/{jobs}/")
        stdout, stderr = running.communicate()
        *lines, summary = stderr.decode().splitlines()
        assert running.returncode == 1
        assert summary.startswith("vad: 8 recordings: 7 done, 1 failed")
        outputs.append(
            (stdout, lines, {name: (tmp_path / jobs / name).read_bytes() for name in files(tmp_path / jobs)})
        )
    assert outputs[0] == outputs[1]
    assert sorted(outputs[0][2]) == sorted(f"{stem}.npy" for stem in STEMS)


def test_files_side_by_side_are_the_same(process, tmp_path):
    for jobs in ("1", "3"):
        process(".", "-f", "json", "-j", jobs, "-o", f"{tmp_path}/{jobs}/").communicate()
    assert files(tmp_path / "1") == files(tmp_path / "3") == sorted(f"{stem}.json" for stem in STEMS)
    for name in files(tmp_path / "1"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_standard_input_among_files_side_by_side(process, corpus):
    with (corpus / "a.wav").open("rb") as stream:
        stdout, _ = process("a.wav", "-", "e.wav", "-j", "2", "-f", "csv", stdin=stream).communicate()
    names = list(dict.fromkeys(line.split(b",")[0] for line in stdout.splitlines()[1:]))
    assert names == [b"a.wav", b"-", b"e.wav"]


def test_resuming_does_what_is_not_finished(detect, corpus, tmp_path):
    out, options = tmp_path / "out", ("-f", "csv", "--posteriors", f"{tmp_path}/out/")
    assert detect(".", "-o", f"{out}/", *options).exit_code == 1
    before = {name: (out / name).stat().st_mtime_ns for name in files(out)}
    (out / "a.csv").unlink()
    (out / "deep" / "b.npy").unlink()
    os.utime(out / "e.wav.csv", (0, 0))
    done = detect(".", "-o", f"{out}/", *options, "--resume")
    assert done.stderr.splitlines()[-1].startswith("vad: 8 recordings: 3 done, 4 finished before, 1 failed")
    after = {name: (out / name).stat().st_mtime_ns for name in files(out)}
    redone = {"a.csv", "a.npy", "deep/b.csv", "deep/b.npy", "e.wav.csv", "e.wav.npy"}
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == redone


def test_resuming_needs_a_directory(detect, tmp_path):
    for output in ([], ["-o", str(tmp_path / "a.csv")]):
        done = detect("a.wav", "--resume", *output)
        assert done.exit_code == 2
        assert "--resume needs --output DIR/" in done.stderr


def test_a_failure_half_way_leaves_no_file_and_an_old_one_alone(detect, corpus, tmp_path):
    (tmp_path / "cut.csv").write_text("old")
    # The header of this FLAC is whole, so that the decoder fails only half way.
    data = (corpus / "e.flac").read_bytes()
    (tmp_path / "half.flac").write_bytes(data[: len(data) // 2])
    done = detect(
        "cut.wav", str(tmp_path / "half.flac"), "-f", "csv", "-o", f"{tmp_path}/", "--posteriors", f"{tmp_path}/"
    )
    assert done.exit_code == 1
    assert files(tmp_path) == ["cut.csv", "half.flac"]
    assert (tmp_path / "cut.csv").read_text() == "old"


def test_a_file_of_which_nothing_came_is_not_made(detect, tmp_path):
    assert detect("cut.wav", "-f", "json", "-o", str(tmp_path / "a.json")).exit_code == 1
    assert files(tmp_path) == []


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_only_whole_files(process, corpus, tmp_path, jobs, number, status):
    pipe = tmp_path / "live.wav"
    os.mkfifo(pipe)
    out = tmp_path / "out"
    arguments = ["a.wav", "e.wav", str(pipe), "quiet.wav", "-f", "json", "-j", jobs]
    running = process(*arguments, "-o", f"{out}/", "--posteriors", f"{out}/", start_new_session=True)
    with pipe.open("wb") as stream:
        stream.write((corpus / "a.wav").read_bytes()[:100000])
        stream.flush()
        deadline = time.monotonic() + 60
        while not (out / "e.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        os.killpg(running.pid, number)
        _, stderr = running.communicate(timeout=60)
    assert running.returncode == status
    assert b"Traceback" not in stderr
    assert "a.json" in files(out)
    assert {name for name in files(out) if not name.startswith("quiet")} == {"a.json", "a.npy", "e.json", "e.npy"}
    for name in files(out):
        if name.endswith("json"):
            assert json.loads((out / name).read_text())["recordings"]


def test_posteriors_beside_segments(detect, energy_artifact, corpus, tmp_path):
    detector = Detector(energy_artifact)
    expected = detector.posteriors(corpus / "a.wav")
    for name in ("p.npy", "p.csv", "p.bin"):
        options = ["--posteriors-format", "npy"] if name == "p.bin" else []
        assert detect("a.wav", "--posteriors", str(tmp_path / name), *options).exit_code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), expected.values)
    np.testing.assert_array_equal(np.load(tmp_path / "p.bin"), expected.values)
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 1 + len(expected)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["a.wav", "--posteriors", "p.xyz"], r"\.npy or \.csv says how"),
        (["a.wav", "e.wav", "--posteriors", "p.npy"], "one file, and here are 2 recordings"),
        (["a.wav", "--posteriors-format", "npy"], "needs --posteriors"),
        (["a.wav", "-f", "csv", "-o", "{}/", "--posteriors", "{}/", "--posteriors-format", "csv"], "would both write"),
        (["a.wav", "-f", "csv", "-o", "{}/x.csv", "--posteriors", "{}/x.csv"], "would both write"),
    ],
)
def test_posteriors_without_a_place_of_their_own_are_refused(detect, tmp_path, options, words):
    done = detect(*(option.format(tmp_path) for option in options))
    assert done.exit_code == 2
    assert re.search(words, done.stderr)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-o", "a.wav"], "--output a.wav is the recording itself"),
        (["-f", "csv", "-o", "../{}/"], "--output ../{}/a.csv is the recording itself"),
        (["--posteriors", "a.wav", "--posteriors-format", "npy"], "--posteriors a.wav is the recording itself"),
        (["--posteriors", "../{}/", "--posteriors-format", "csv"], "--posteriors ../{}/a.csv is the recording itself"),
    ],
)
def test_an_output_in_the_place_of_a_recording_is_refused(detect, corpus, tmp_path, monkeypatch, options, words):
    before = (corpus / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(before)
    (tmp_path / "a.csv").symlink_to("a.wav")
    monkeypatch.chdir(tmp_path)
    done = detect("a.wav", *(option.format(tmp_path.name) for option in options))
    assert done.exit_code == 2
    assert words.format(tmp_path.name) in done.stderr
    assert (tmp_path / "a.wav").read_bytes() == before


def test_what_lies_beside_a_recording_is_replaced_only_when_asked(detect, corpus, tmp_path, monkeypatch):
    for name in ("a.wav", "e.wav"):
        (tmp_path / name).write_bytes((corpus / name).read_bytes())
    by_hand = tmp_path / "a.csv"
    monkeypatch.chdir(tmp_path)
    for options in (["-f", "csv", "-o", "."], ["--posteriors", f"{tmp_path}/", "--posteriors-format", "csv"]):
        by_hand.write_text("by hand")
        (tmp_path / "e.csv").unlink(missing_ok=True)
        done = detect("a.wav", "e.wav", *options)
        assert done.exit_code == 1
        assert "a.csv: is there already; give --overwrite to replace it\n" in done.stderr
        assert "2 recordings: 1 done, 1 failed" in done.stderr
        assert by_hand.read_text() == "by hand"
        assert (tmp_path / "e.csv").exists()
        assert detect("a.wav", "e.wav", *options, "--overwrite").exit_code == 0
        assert by_hand.read_text() != "by hand"
    # Named itself, a file is meant.
    assert detect("a.wav", "-f", "csv", "-o", "a.csv").exit_code == 0
    assert detect("a.wav", "-f", "csv", "-o", ".", "--resume").exit_code == 0
    assert detect("a.wav", "--overwrite").exit_code == 2


def test_a_directory_that_cannot_be_written_is_one_line(detect, tmp_path):
    (tmp_path / "file").touch()
    done = detect("a.wav", "-o", f"{tmp_path}/file/out/")
    assert done.exit_code == 1
    assert done.stderr.startswith("vad: cannot write ")
