"""What runs on a cluster gives what one machine gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("tensorflow")
pytest.importorskip("ray", reason="the [scale] extra is not installed")

from pipelines.detect import main as detect
from pipelines.prepare import mixed_on_cluster
from vad import Detector
from vad.config import load_config
from vad.data.shards import prepare

FEW = ("data.hours.train=0.02", "data.hours.dev=0.01", "data.excerpts_per_shard=2")


@pytest.fixture(scope="module", autouse=True)
def local_cluster():
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_shards_are_those_of_one_machine(repository: Path, tmp_path: Path) -> None:
    made = {}
    for name, mix in (("here", None), ("cluster", mixed_on_cluster)):
        overrides = (*FEW, f"data.shards_dir={tmp_path / name}")
        config = load_config(repository / "configs" / "tiny.yaml", overrides)
        indexes = prepare(config, jobs=1, mix=mix)
        made[name] = {shard.name: shard.sha256 for index in indexes.values() for shard in index.shards.values()}
    assert made["here"] == made["cluster"] and len(made["here"]) >= 3


def test_speech_is_that_of_one_machine_and_bad_rows_are_named(
    repository: Path, tmp_path: Path, energy_artifact: Path
) -> None:
    row = {
        "id": "mine/recording",
        "audio": str(repository / "examples" / "recording.wav"),
        "offset_s": 0.0,
        "duration_s": 14.0,
        "kind": "speech",
        "speech": None,
        "label_source": "none",
        "speaker": None,
        "language": None,
        "split": "dev",
        "license": "CC0-1.0",
        "tier": "permissive",
        "origin": None,
        "origin_commit": None,
        "origin_path": None,
    }
    manifest = tmp_path / "mine.jsonl"
    audio = tmp_path / "recording.wav"
    audio.write_bytes((repository / "examples" / "recording.wav").read_bytes())
    lost = row | {"id": "mine/lost", "audio": "lost.wav"}
    manifest.write_text(
        "".join(json.dumps(r | {"audio": a}) + "\n" for r, a in ((row, audio.name), (lost, "lost.wav")))
    )
    output = tmp_path / "speech.jsonl"
    done = CliRunner().invoke(detect, [str(manifest), "-o", str(output), "--model", str(energy_artifact)])
    assert done.exit_code == 1 and "mine/lost" in done.stderr
    (found,) = [json.loads(line) for line in output.read_text().splitlines()]
    assert found["id"] == "mine/recording"
    assert [tuple(pair) for pair in found["speech"]] == Detector(energy_artifact).detect(audio).to_pairs()
