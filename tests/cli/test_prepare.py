"""`vad prepare`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from vad.cli import main
from vad.manifests import Recording, write_manifest
from vad.segments import Timeline


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    rows = []
    for split in ("train", "dev"):
        for kind, speech in (("speech", Timeline.from_pairs([(0.5, 1.5)])), ("noise", Timeline())):
            name = f"{kind}-{split}"
            soundfile.write(tmp_path / f"{name}.wav", rng.normal(0, 0.1, 32000), 16000)
            source = "reference" if len(speech) else "no-speech"
            rows.append(
                Recording(
                    f"{kind}/{split}",
                    f"{name}.wav",
                    0.0,
                    2.0,
                    kind,
                    speech,
                    source,
                    None,
                    None,
                    split,
                    "CC0",
                    "permissive",
                )
            )
    write_manifest(tmp_path / "corpus.jsonl", rows)
    path = tmp_path / "toy.yaml"
    path.write_text(
        "name: toy\ndata:\n  manifests: [corpus.jsonl]\n  shards_dir: shards\n  hours: {train: 0.004, dev: 0.002}\n"
        "  mixing: {excerpt_s: 4.0}\n"
    )
    return path


def test_shards_are_made_and_reported(config: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["prepare", str(config), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    train, dev = done.stdout.splitlines()
    assert train.startswith("train\t0.00 h\t4 excerpts\t1 shards") and dev.startswith("dev\t0.00 h\t2 excerpts")
    assert (tmp_path / "shards" / "train-0000000-4.tfrecord").is_file()
    again = CliRunner().invoke(main, ["prepare", str(config), "--jobs", "1"])
    assert again.stdout == done.stdout


def test_changes_on_the_command_line_act(config: Path) -> None:
    done = CliRunner().invoke(main, ["prepare", str(config), "-j", "1", "--set", "data.hours.train=0.006"])
    assert "6 excerpts" in done.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "data.hours.trian=1"], "train"),
        (["--set", "data.exclude=[nothing]"], "data.exclude"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_wrong_usage_exits_two_in_one_line(config: Path, arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(main, ["prepare", str(config), *arguments])
    assert done.exit_code == 2
    assert words in done.stderr and "Traceback" not in done.output and done.stdout == ""
