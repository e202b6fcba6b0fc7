"""`vad detect` as it is called: what it prints where, how it ends, and what it never loads."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from vad.cli import main
from vad.cli.detect import _STYLES, _UNITS
from vad.cli.printing import STYLES
from vad.detector import Detector
from vad.formats import FORMATS, UNITS, read_labels
from vad.segments import Timeline

RATE = 16000
START = "from vad.cli import main; main()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Recordings good and bad: two with speech for the energy model, one quiet, the rest no recordings."""
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.001, 6 * RATE)
    samples[RATE : 2 * RATE] *= 100
    samples[56000:80000] *= 100
    soundfile.write(folder / "bursts.wav", samples, RATE)
    (folder / "deep" / "er").mkdir(parents=True)
    soundfile.write(folder / "deep" / "er" / "late.flac", samples[2 * RATE :], RATE)
    soundfile.write(folder / "quiet.wav", rng.normal(0, 0.0001, RATE), RATE)
    soundfile.write(folder / "stereo.wav", np.stack([samples * 0, samples], axis=1), RATE)
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("no recording at all\n")
    whole = (folder / "bursts.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "bare.raw").write_bytes(whole[44:])
    soundfile.write(folder / "one.wav", samples[:1], RATE)
    return folder


@pytest.fixture(scope="module")
def expected(energy_artifact, folder) -> list[tuple[float, float]]:
    return Detector(energy_artifact).detect(folder / "bursts.wav").to_pairs()


@pytest.fixture
def detect(energy_artifact, folder, monkeypatch):
    """Runs the command in the folder of recordings."""
    monkeypatch.chdir(folder)

    def run(*arguments: str, **settings) -> Result:
        return CliRunner().invoke(main, ["detect", "-m", str(energy_artifact), *arguments], **settings)

    return run


def rows(text: str) -> list[tuple[str, float, float]]:
    table = list(csv.reader(io.StringIO(text)))
    assert table[0] == ["recording", "start", "end"]
    return [(name, float(start), float(end)) for name, start, end in table[1:]]


def test_the_table(detect, expected):
    done = detect("bursts.wav")
    assert (done.exit_code, done.stderr) == (0, "")
    heading, *lines, total = done.stdout.splitlines()
    assert heading.split() == ["start", "end", "duration", "file"]
    for line, (start, end) in zip(lines, expected, strict=True):
        assert line.split() == [f"{start:.3f}", f"{end:.3f}", f"{end - start:.3f}", "bursts.wav"]
        assert line.index("bursts.wav") == heading.index("file")
    assert total.startswith("2 segments, ")
    assert total.endswith(" s of speech in 6.000 s (42 %)")


def test_csv(detect, expected):
    done = detect("bursts.wav", "-f", "csv")
    assert rows(done.stdout) == [("bursts.wav", round(start, 6), round(end, 6)) for start, end in expected]


def test_json(detect, expected, energy_artifact):
    done = detect("bursts.wav", "quiet.wav", "--format", "json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["model"] == {"name": "energy.tflite", "fingerprint": Detector(energy_artifact).artifact.digest}
    assert found["settings"]["onset_threshold"] == 0.5
    bursts, quiet = found["recordings"]
    assert bursts == {
        "recording": "bursts.wav",
        "duration_s": 6.0,
        "sample_rate": 16000,
        "speech": [{"start": round(start, 6), "end": round(end, 6)} for start, end in expected],
    }
    assert quiet == {"recording": "quiet.wav", "duration_s": 1.0, "sample_rate": 16000, "speech": []}


@pytest.mark.parametrize("style", [style for style in STYLES if style != "table"])
@pytest.mark.parametrize("rule", [{}, {"pad_start": 0.25, "pad_end": 0.1}, {"min_silence": 5}])
def test_what_is_written_is_read_as_labels(detect, energy_artifact, tmp_path, style, rule):
    path = tmp_path / f"found{FORMATS[style].suffixes[0]}"
    options = [f"--{name.replace('_', '-')}={value}" for name, value in rule.items()]
    done = detect("bursts.wav", "-f", style, "-o", str(path), *options)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    detector = Detector(energy_artifact)
    changed = detector.rule.replace({f"{name}_s": value for name, value in rule.items()})
    expected = detector.detect("bursts.wav", rule=changed)
    assert read_labels(path) == expected
    # Standard output holds the same.
    assert detect("bursts.wav", "-f", style, *options).stdout == path.read_text()


def test_the_styles_are_the_formats():
    assert STYLES == _STYLES == ("table", *(style for style in STYLES if style in FORMATS))
    assert set(STYLES) == {"table", *FORMATS}
    assert _UNITS == UNITS


@pytest.mark.parametrize(("unit", "scale"), [("ms", 1000), ("samples", RATE)])
def test_units(detect, expected, tmp_path, unit, scale):
    for style in ("csv", "json", "jsonl"):
        path = tmp_path / f"found.{style}"
        assert detect("bursts.wav", "-f", style, "--unit", unit, "-o", str(path)).exit_code == 0
        assert read_labels(path) == Timeline.from_pairs(expected)
    table = detect("bursts.wav", "--unit", unit).stdout.splitlines()
    assert [float(cell) for cell in table[1].split()[:2]] == [time * scale for time in expected[0]]
    assert f"({unit})" in table[0]
    refused = detect("bursts.wav", "-f", "rttm", "--unit", unit)
    assert refused.exit_code == 2
    assert "times in rttm have a unit of their own" in refused.stderr


def test_samples_are_those_of_the_recording(detect, tmp_path):
    path = tmp_path / "slow.wav"
    samples, _ = soundfile.read("bursts.wav", dtype="int16")
    soundfile.write(path, np.repeat(samples, 3), 3 * RATE)
    (found,) = json.loads(detect(str(path), "-f", "json", "--unit", "samples").stdout)["recordings"]
    assert found["sample_rate"] == 48000
    assert found["speech"][0]["start"] == pytest.approx(48000 * 0.96, abs=1000)
    assert all(time % 3 == 0 for segment in found["speech"] for time in segment.values())


def test_the_rows_of_frames(detect, energy_artifact, expected):
    table = list(csv.DictReader(io.StringIO(detect("bursts.wav", "-f", "frames").stdout)))
    detector = Detector(energy_artifact)
    posteriors = detector.posteriors("bursts.wav")
    np.testing.assert_array_equal([np.float32(row["posterior"]) for row in table], posteriors.values)
    assert float(table[0]["start"]) == 0
    assert float(table[-1]["end"]) == 6
    assert all(before["end"] == after["start"] for before, after in itertools.pairwise(table))
    speech = [any(start <= time < end for start, end in expected) for time in posteriors.times]
    assert [row["speech"] == "1" for row in table] == speech


def test_bad_recordings_are_named_and_the_others_done(detect, expected):
    bad = ["missing.wav", "empty.wav", "text.wav", "cut.wav", "one.wav"]
    done = detect(bad[0], bad[1], "bursts.wav", *bad[2:], "-f", "csv")
    assert done.exit_code == 1
    assert [(start, end) for _, start, end in rows(done.stdout)] == expected
    *lines, summary = done.stderr.splitlines()
    assert len(lines) == len(bad)
    for line, name in zip(lines, bad, strict=True):
        assert line.startswith(f"vad: {name}: ")
    assert summary.startswith("vad: 6 recordings: 1 done, 5 failed, 0.00 h heard at ")
    assert summary.endswith(" × real time, 42 % speech")


def test_json_of_a_batch_with_bad_recordings_is_whole(detect):
    done = detect("missing.wav", "cut.wav", "bursts.wav", "-f", "json")
    assert done.exit_code == 1
    assert [row["recording"] for row in json.loads(done.stdout)["recordings"]] == ["bursts.wav"]


def test_directories_are_searched_in_depth_and_nothing_done_twice(detect):
    done = detect("deep", "deep/er/late.flac", "-f", "csv")
    assert done.exit_code == 0
    assert {name for name, _, _ in rows(done.stdout)} == {"deep/er/late.flac"}
    assert len(rows(done.stdout)) == 1


def test_a_directory_without_recordings_is_named(detect, tmp_path):
    done = detect(str(tmp_path), "bursts.wav")
    assert done.exit_code == 1
    assert f"{tmp_path}: no recording" in done.stderr
    assert "2 segments" in done.stdout


@pytest.mark.parametrize("style", ["table", "csv", "json"])
def test_standard_input(detect, folder, expected, style):
    done = detect("-", "-f", style, input=(folder / "bursts.wav").read_bytes())
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{expected[1][1]:g}" in done.stdout


def test_raw_samples(detect, folder, expected):
    done = detect("-", "--raw-rate", "16000", "-f", "csv", input=(folder / "bare.raw").read_bytes())
    assert [(start, end) for _, start, end in rows(done.stdout)] == expected
    done = detect("bare.raw", "--raw-rate", "16000", "--raw-format", "s16le", "--raw-channels", "1", "-f", "csv")
    assert [(start, end) for _, start, end in rows(done.stdout)] == expected


def test_raw_options_without_a_rate_are_refused(detect):
    done = detect("bare.raw", "--raw-format", "s16le")
    assert done.exit_code == 2
    assert "--raw-format needs --raw-rate" in done.stderr
    done = detect("bare.raw", "--raw-rate", "16000", "--raw-format", "s61le")
    assert done.exit_code == 2
    assert "s16le" in done.stderr


def test_channels(detect, expected):
    speech = detect("stereo.wav", "--channel", "1", "-f", "csv")
    assert [(start, end) for _, start, end in rows(speech.stdout)] == expected
    silence = detect("stereo.wav", "--channel", "0")
    assert silence.stdout == ""
    assert silence.stderr == "vad: stereo.wav: no speech found\n"
    none = detect("stereo.wav", "--channel", "2")
    assert none.exit_code == 1
    assert "channel 2 is not there" in none.stderr


@pytest.mark.parametrize(
    ("options", "n_segments"),
    [
        (["--min-silence", "2"], 1),
        (["--min-speech", "1.3"], 1),
        (["--hangover", "2"], 1),
        (["--pad-start", "1", "--pad-end", "1"], 1),
        (["--onset-threshold", "1", "--offset-threshold", "0.9"], 0),
    ],
)
def test_the_rule_options_act(detect, options, n_segments):
    done = detect("bursts.wav", "-f", "csv", *options)
    assert done.exit_code == 0
    assert len(rows(done.stdout)) == n_segments


def test_a_rule_that_cannot_act_is_refused(detect):
    done = detect("bursts.wav", "--offset-threshold", "0.7")
    assert done.exit_code == 2
    assert "received 0.7 > 0.5 (what is not given comes from the model)" in done.stderr
    assert done.stdout == ""


def test_an_offset_that_is_not_given_follows_a_lower_onset(detect):
    found = [
        json.loads(detect("bursts.wav", "-f", "json", "--onset-threshold", x).stdout) for x in ("0.2", "0.4", "0.9")
    ]
    assert [document["settings"]["offset_threshold"] for document in found] == [0.2, 0.35, 0.35]
    assert detect("bursts.wav", "--onset-threshold", "0.2", "--offset-threshold", "0.3").exit_code == 2


def test_patterns_are_expanded(detect):
    done = detect("**/*.flac", "-f", "csv")
    assert done.exit_code == 0
    assert {name for name, _, _ in rows(done.stdout)} == {"deep/er/late.flac"}
    none = detect("*.opus")
    assert none.exit_code == 1
    assert "vad: *.opus: no recording matches this pattern" in none.stderr


def test_python_dash_m(folder, energy_artifact):
    arguments = ["detect", "-m", str(energy_artifact), "bursts.wav", "-f", "csv"]
    done = subprocess.run(
        [sys.executable, "-m", "vad", *arguments], capture_output=True, text=True, check=True, cwd=folder
    )
    assert len(rows(done.stdout)) == 2


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are always Unicode there")
def test_names_that_are_not_unicode(detect, folder, tmp_path):
    bare = os.fsencode(tmp_path) + b"/n\xe9.wav"
    Path(os.fsdecode(bare)).write_bytes((folder / "bursts.wav").read_bytes())
    Path(os.fsdecode(bare) + ".txt.wav").write_text("no recording")
    for style in ("table", "csv", "json"):
        done = detect(str(tmp_path), "-f", style)
        assert done.exit_code == 1
        assert "n\ufffd.wav" in done.stdout
        assert done.stderr.count("\n") == 2


def test_output_appears_whole(detect, tmp_path):
    path = tmp_path / "new" / "found.csv"
    done = detect("bursts.wav", "missing.wav", "-f", "csv", "-o", str(path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(rows(path.read_text())) == 2
    assert list(path.parent.iterdir()) == [path]


def test_output_that_cannot_be_written_is_one_line(detect, tmp_path):
    (tmp_path / "file").touch()
    done = detect("bursts.wav", "-o", str(tmp_path / "file" / "found.csv"))
    assert done.exit_code == 1
    assert "cannot write" in done.stderr


def test_a_model_that_cannot_be_used_is_one_line(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for name in ("missing.tflite", "text.wav"):
        done = CliRunner().invoke(main, ["detect", "bursts.wav", "--model", name])
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith(f"vad: {name}: ")
        assert done.stderr.count("\n") == 1


def test_segments_are_written_as_they_are_found(energy_artifact, folder):
    """Half a recording in a pipe that stays open is enough for its first segment."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, "detect", "-m", str(energy_artifact), "-f", "csv", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write((folder / "bursts.wav").read_bytes()[: 44 + 2 * 3 * RATE])
    process.stdin.flush()
    assert process.stdout.readline() == b"recording,start,end\n"
    assert process.stdout.readline().startswith(b"-,0.9")
    process.stdin.write((folder / "bursts.wav").read_bytes()[44 + 2 * 3 * RATE :])
    process.stdin.close()
    assert process.stdout.readline().startswith(b"-,3.4")
    assert process.wait() == 0
    process.stdout.close()


def test_what_only_training_needs_is_never_loaded(energy_artifact, folder):
    program = """
import sys
from vad.cli import main
main(["detect", "-m", sys.argv[1], sys.argv[2]], standalone_mode=False)
heavy = {"tensorflow", "keras", "librosa", "scipy", "pydantic", "sklearn", "numba", "rich", "yaml", "av"}
heavy.add("multiprocessing")
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(energy_artifact), str(folder / "bursts.wav")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_pipe_as_output_gets_the_segments(detect, tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE, text=True) as reader:
        assert detect("bursts.wav", "-f", "csv", "-o", str(path)).exit_code == 0
        assert reader.communicate(timeout=30)[0] == detect("bursts.wav", "-f", "csv").stdout
    assert path.is_fifo()
