"""``vad evaluate`` from the outside, with the energy baseline in the model's place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from vad.cli import main
from vad.peers import EnergyEngine


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three recordings of two seconds beside their manifest: speech, noise, and one without labels."""
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path / "elsewhere"))
    random = np.random.default_rng(0)
    rows = []
    for name, kind, speech in (("a/1", "labelled", [[0.5, 1.0]]), ("b/1", "noise", []), ("b/2", "speech", None)):
        samples = 0.001 * random.standard_normal(32000)
        for start, end in speech or []:
            samples[int(16000 * start) : int(16000 * end)] *= 100
        path = tmp_path / f"{name.replace('/', '-')}.wav"
        soundfile.write(path, samples, 16000)
        rows.append({
            "id": name, "audio": path.name, "duration_s": 2.0, "kind": kind, "speech": speech, "split": "dev",
            "label_source": "none" if speech is None else "reference" if speech else "no-speech",
            "speaker": None, "language": None, "license": "CC0-1.0", "tier": "permissive",
            "origin": None, "origin_commit": None, "origin_path": None,
        })  # fmt: skip
    manifest = tmp_path / "corpus.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return manifest


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> Result:
    monkeypatch.setattr("vad.cli.evaluate._engines", lambda *_: [EnergyEngine()])
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_table(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run(monkeypatch, corpus, "--by", "kind", "--bootstrap", 20)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "passed over 1 recording without labels" in result.stdout
    for heading in ("labelled: 1 recording,", "noise: 1 recording,", "all: 2 recordings, 0.0 min of speech"):
        assert heading in result.stdout
    # Without speech there is no area under the curve; all recordings have one, with an interval.
    area = [line.split()[1:] for line in result.stdout.splitlines() if line.startswith("ROC-AUC  ")]
    assert area[1] == ["-"]
    assert len(area[2]) == 3


def test_json_to_a_file(corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "out" / "report.json"
    result = _run(monkeypatch, corpus, "--format", "json", "-o", out, "--kind", "labelled", "--collar", 0.1)
    assert (result.exit_code, result.stdout) == (0, "")
    report = json.loads(out.read_text())
    assert report["collar_s"] == 0.1
    assert report["results"][0]["recordings"] == 1
    assert report["results"][0]["measures"]["roc_auc"]["value"] > 0.95
    assert [path.name for path in out.parent.iterdir()] == ["report.json"]


def test_a_broken_recording_is_named_and_the_rest_is_scored(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (corpus.parent / "b-1.wav").write_bytes(b"")
    result = _run(monkeypatch, corpus)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "b/1" in result.stderr
    assert "all: 1 recording," in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--split", "test"], 1, "nothing to score"),
        (["--kind", "speech"], 1, "no labels in 1 chosen recording;"),
        (["--against", "cobra"], 2, "'cobra' is none of webrtc, silero, energy"),
        (["--collar", "-1"], 2, "--collar"),
        (["--by", "colour"], 2, "--by"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], code: int, words: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _run(monkeypatch, corpus, *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""


def test_a_missing_manifest_and_a_missing_model(corpus: Path, tmp_path: Path) -> None:
    for arguments, words in (([tmp_path / "no.jsonl"], "no.jsonl"), ([corpus, "--model", "no.tflite"], "no.tflite")):
        result = CliRunner().invoke(main, ["evaluate", *map(str, arguments)])
        assert result.exit_code == 1
        assert result.stderr.startswith("vad: ")
        assert result.stderr.count("\n") == 1
        assert words in result.stderr


def test_a_model_against_a_peer(corpus: Path, energy_artifact: Path) -> None:
    arguments = ["evaluate", str(corpus), "-m", str(energy_artifact), "--against", "energy", "--bootstrap", "0"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    heading = next(line for line in result.stdout.splitlines() if line.startswith("all:"))
    assert result.stdout.splitlines()[result.stdout.splitlines().index(heading) + 1].split() == ["vad", "energy"]


def test_the_rule_can_be_changed(corpus: Path, energy_artifact: Path) -> None:
    def measures(*arguments: str) -> dict[str, dict[str, float]]:
        given = ["evaluate", str(corpus), "--model", str(energy_artifact), "--format", "json", "--bootstrap", "0"]
        done = CliRunner().invoke(main, [*given, "--kind", "labelled", *arguments])
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)["results"][0]["measures"]

    own, padded = measures(), measures("--preset", "archive", "--pad-end", "0.25")
    assert padded["offset_delay_p50_s"]["value"] == pytest.approx(own["offset_delay_p50_s"]["value"] + 0.25)
    assert padded["roc_auc"] == own["roc_auc"], "posteriors know no rule"
    refused = CliRunner().invoke(main, ["evaluate", str(corpus), "--model", str(energy_artifact), "--preset", "archiv"])
    assert refused.exit_code == 2
    assert "did you mean 'archive'" in refused.stderr


@pytest.mark.parametrize("name", ["corpus.jsonl", "a-1.wav", "link"])
def test_what_is_scored_is_not_written_over(corpus: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (corpus.parent / "link").symlink_to("corpus.jsonl")
    before = (corpus.parent / name).read_bytes()
    result = _run(monkeypatch, corpus, "-o", corpus.parent / name)
    assert result.exit_code == 2
    assert f"--output {corpus.parent / name} is the " in result.stderr
    assert (corpus.parent / name).read_bytes() == before


def test_two_outputs_of_one_name_are_refused(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus.parent / "report"
    result = _run(monkeypatch, corpus, "-o", folder / "report.json", "--report", folder)
    assert result.exit_code == 2
    assert "--output and --report would both write" in result.stderr


@pytest.mark.parametrize("option", ["-o", "--report"])
def test_what_cannot_be_written_is_said_before_the_scoring(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr("vad.cli.evaluate._evaluate", None)
    result = _run(monkeypatch, corpus, option, corpus / "x")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"vad: cannot write {corpus / 'x'}")
    assert result.stderr.endswith(": Not a directory\n")


def test_the_scores_are_told_also_when_they_cannot_be_written(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vad.cli.evaluate.check_writable", lambda _: None)
    result = _run(monkeypatch, corpus, "-o", corpus / "x", "--bootstrap", 0)
    assert result.exit_code == 1
    assert "all: 2 recordings" in result.stdout
    assert result.stderr == f"vad: cannot write {corpus / 'x'}: Not a directory\n"
