"""`vad tune` as it is called: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from vad.artifact import load_artifact
from vad.cli import main
from vad.detector import Detector
from vad.presets import load_preset

RATE = 16000


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> Path:
    """Six recordings of speech with pauses of 0.2 s inside that count as speech, and clicks of 0.14 s beside it."""
    folder = tmp_path_factory.mktemp("tuning")
    rng = np.random.default_rng(5)
    rows = []
    for number in range(7):
        samples, speech = rng.normal(0, 0.0008, 12 * RATE), []
        for start in (1.0, 4.0, 7.5):
            end = start + float(rng.uniform(0.6, 1.8))
            speech.append([start, round(end, 3)])
            samples[int(start * RATE) : int(end * RATE)] *= 30
            samples[int((start + 0.2) * RATE) : int((start + 0.4) * RATE)] /= 30
        for click in (3.4, 6.5):
            samples[int(click * RATE) : int((click + 0.14) * RATE)] *= 30
        soundfile.write(folder / f"{number}.wav", samples, RATE)
        kind = "labelled" if number < 6 else "speech"
        rows.append({
            "id": f"drawn/{number}", "audio": f"{number}.wav", "duration_s": 12.0, "kind": kind,
            "speech": speech if number < 6 else None, "split": "dev" if number else "test",
            "label_source": "reference" if number < 6 else "none",
            "speaker": None, "language": None, "license": "CC0-1.0", "tier": "permissive",
            "origin": None, "origin_commit": None, "origin_path": None,
        })  # fmt: skip
    path = folder / "drawn.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def tune(energy_artifact, manifest, monkeypatch):
    monkeypatch.setenv("VAD_DATA_HOME", str(manifest.parent / "elsewhere"))

    def run(*arguments: object):
        given = ["tune", str(manifest), "-m", str(energy_artifact), "--bootstrap", "20", *map(str, arguments)]
        return CliRunner().invoke(main, given)

    return run


def test_the_table(tune):
    done = tune("--split", "dev")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("5 recordings, ")
    assert lines[1] == "passed over 1 without labels"
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert float(rows["onset_threshold"][0]) == 0.5
    assert float(rows["F1"][3]) > float(rows["F1"][0])
    assert rows["change"][0].startswith("+")
    assert sum("*" in line for line in lines) == 1


def test_json_preset_and_model_agree(tune, energy_artifact, tmp_path):
    preset_path, model_path = tmp_path / "new" / "mine.toml", tmp_path / "tuned.tflite"
    done = tune("--split", "dev", "--format", "json", "--preset-out", preset_path, "--write-model", model_path)
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["after"]["measures"]["f1"] > found["before"]["measures"]["f1"]
    source, written = load_artifact(energy_artifact), load_artifact(model_path)
    preset = load_preset(str(preset_path))
    assert preset.apply(source.metadata.decision) == written.metadata.decision
    assert written.metadata.decision.to_dict() == found["after"]["rule"]
    assert (written.digest, written.flatbuffer) == (source.digest, source.flatbuffer)
    assert preset.tuned == written.metadata.training["tuned"]
    assert preset.tuned["model"] == source.digest
    # All else stays as it was.
    changed = dataclasses.replace(
        written.metadata, decision=source.metadata.decision, training=source.metadata.training
    )
    assert changed == source.metadata
    assert Detector(model_path).rule == written.metadata.decision


def test_what_is_given_is_held(tune):
    done = tune("--split", "dev", "--format", "json", "--preset", "live", "--min-silence", "0.45", "--cost", "dcf")
    rule = json.loads(done.stdout)["after"]["rule"]
    assert (rule["min_silence_s"], rule["max_speech_s"]) == (0.45, 60.0)


def test_latency(tune):
    done = tune("--split", "dev", "--format", "json", "--cost", "latency", "--max-delay", "0.3")
    found = json.loads(done.stdout)
    assert found["max_delay_s"] == 0.3
    assert found["after"]["measures"]["delay_p90_s"] <= 0.3


def test_a_bound_on_false_alarms(tune, manifest, tmp_path):
    row = json.loads(manifest.read_text().splitlines()[1])
    silent = manifest.parent / "silent.jsonl"
    silent.write_text(json.dumps({**row, "id": "drawn/silent", "speech": []}) + "\n")
    asked = (silent, "--split", "dev", "--max-alarms", "1200")
    done = tune(*asked, "--format", "json", "--preset-out", tmp_path / "m.toml")
    found = json.loads(done.stdout)
    assert found["max_alarms_per_hour"] == 1200
    assert found["after"]["measures"]["alarms_per_hour"] <= 1200
    assert "max_alarms_per_hour = 1200" in (tmp_path / "m.toml").read_text()
    assert "with at most 1200 false alarms an hour" in tune(*asked).stdout


def test_a_bound_on_what_is_unheard(tune, tmp_path):
    asked = ("--split", "dev", "--max-unheard", "0.5")
    found = json.loads(tune(*asked, "--format", "json", "--preset-out", tmp_path / "m.toml").stdout)
    assert found["max_unheard"] == 0.5
    assert found["after"]["measures"]["unheard_rate"] <= 0.5
    assert "max_unheard = 0.5" in (tmp_path / "m.toml").read_text()
    assert "with at most 0.5 of the recordings with speech unheard" in tune(*asked).stdout
    assert "--max-unheard" in tune("--split", "dev", "--max-unheard", "2").stderr


def test_recordings_of_the_test_split_are_refused_unless_asked_for(tune):
    done = tune()
    assert (done.exit_code, done.stdout) == (2, "")
    assert "1 of the recordings belong to the split test" in done.stderr
    assert "Give --split dev; or --split test" in done.stderr
    assert tune("--split", "test").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--cost", "latency"], 2, "give --max-delay SECONDS"),
        (["--cost", "f2"], 2, "'f2' is not one of"),
        (["--preset-out", "mine.json"], 2, "a preset is a .toml file"),
        (["--write-model", "mine.txt"], 2, "a model is a .tflite file"),
        (["--kind", "music"], 1, "nothing to tune on"),
        (["--max-delay", "0.001"], 2, "allow that much"),
        (["--max-alarms", "0"], 2, "not in the range x>0"),
        (["--max-alarms", "5"], 2, "add recordings whose labels are empty"),
    ],
)
def test_what_cannot_act_is_refused(tune, arguments, code, message):
    done = tune("--split", "dev", *arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_model_itself_is_not_written_over(tune, energy_artifact):
    done = tune("--split", "dev", "--write-model", energy_artifact)
    assert done.exit_code == 2
    assert "is the model itself" in done.stderr


def test_what_cannot_be_written_is_said_before_the_search(tune, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("vad.cli.tune._fill", None)
    for option, name in (("--preset-out", "x.toml"), ("--write-model", "x.tflite")):
        done = tune("--split", "dev", option, tmp_path / "file" / name)
        assert done.exit_code == 1
        assert done.stderr == f"vad: cannot write {tmp_path / 'file' / name}: Not a directory\n"


def test_the_result_is_told_also_when_it_cannot_be_written(tune, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("vad.files.check_writable", lambda _: None)
    done = tune("--split", "dev", "--preset-out", tmp_path / "file" / "x.toml")
    assert done.exit_code == 1
    assert "onset_threshold" in done.stdout
    assert done.stderr.startswith("vad: cannot write ")


def test_a_recording_that_is_missing_is_named_and_the_rest_tuned_on(tune, manifest):
    hidden = manifest.parent / "3.wav"
    hidden.rename(manifest.parent / "hidden")
    try:
        done = tune("--split", "dev")
    finally:
        (manifest.parent / "hidden").rename(hidden)
    assert done.exit_code == 1
    assert "drawn/3" in done.stderr
    assert done.stdout.startswith("4 recordings")
