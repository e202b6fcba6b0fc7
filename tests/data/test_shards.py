"""Laws of shards: the same bytes however they are made, and nothing half-made."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vad.config import Config
from vad.data.shards import prepare, shards_dir
from vad.errors import ConfigError, FingerprintError


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_any_number_of_processes_gives_the_same_bytes(toy_config: Callable[..., Config], tmp_path: Path) -> None:
    reports: list[tuple[str, int, int]] = []
    one = toy_config(shards_dir=str(tmp_path / "one"))
    two = toy_config(shards_dir=str(tmp_path / "two"))
    indexes = prepare(one, jobs=1, progress=lambda *report: reports.append(report))
    prepare(two, jobs=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert sorted(content(tmp_path / "one")) == [
        "dev-0000000-5.tfrecord",
        "dev.json",
        "train-0000000-5.tfrecord",
        "train-0000005-5.tfrecord",
        "train-0000010-2.tfrecord",
        "train.json",
    ]
    assert reports[0] == ("train", 0, 12) and reports[-1] == ("dev", 5, 5)
    assert indexes["train"].excerpts == 12
    assert 0 < indexes["train"].speech_share < 1


def test_what_is_there_is_kept_and_what_is_not_is_made_anew(toy_config: Callable[..., Config]) -> None:
    config = toy_config()
    prepare(config, ("train",), jobs=1)
    folder = shards_dir(config)
    wanted = content(folder)
    kept = folder / "train-0000000-5.tfrecord"
    made = kept.stat().st_mtime_ns
    (folder / "train-0000005-5.tfrecord").unlink()
    damaged = bytearray(wanted["train-0000010-2.tfrecord"])
    damaged[1000] ^= 1
    (folder / "train-0000010-2.tfrecord").write_bytes(damaged)
    prepare(config, ("train",), jobs=1)
    assert content(folder) == wanted
    assert kept.stat().st_mtime_ns == made
    prepare(config, ("train",), jobs=1, progress=lambda _, done, total: pytest.fail("worked") if done < total else None)


def test_more_hours_only_add(toy_config: Callable[..., Config]) -> None:
    prepare(toy_config(), ("train",), jobs=1)
    folder = shards_dir(toy_config())
    before = content(folder)
    indexes = prepare(toy_config(hours__train=15 * 4 / 3600), ("train",), jobs=1)
    after = content(folder)
    assert indexes["train"].excerpts == 15
    assert all(after[name] == before[name] for name in before if name.endswith(".tfrecord"))
    assert prepare(toy_config(), ("train",), jobs=1)["train"].excerpts == 12


def test_another_config_has_another_folder_or_is_refused(toy_config: Callable[..., Config], tmp_path: Path) -> None:
    default = {"shards_dir": None}
    assert shards_dir(toy_config(**default)) == shards_dir(toy_config(**default, hours__train=9.0))
    assert shards_dir(toy_config(**default)) != shards_dir(toy_config(**default, labels__onset_db=13.0))
    assert shards_dir(toy_config(**default)) != shards_dir(toy_config(2, **default))
    prepare(toy_config(), ("dev",), jobs=1)
    with pytest.raises(FingerprintError, match=r"labels\.onset_db is 10\.0, wanted 13\.0"):
        prepare(toy_config(labels__onset_db=13.0), ("dev",), jobs=1)


def test_the_index_says_what_is_there(toy_config: Callable[..., Config]) -> None:
    prepare(toy_config(), ("dev",), jobs=1)
    found = json.loads((shards_dir(toy_config()) / "dev.json").read_text())
    assert found["features"]["fingerprint"] == toy_config().features.fingerprint
    assert found["excerpts"] == 5 and found["hours"] == pytest.approx(5 * 4 / 3600, abs=1e-4)
    assert found["shards"][0]["sha256"] and found["origin"]["seed"] == 1


def test_a_failing_clip_ends_the_work_with_its_name(
    toy_config: Callable[..., Config], toy_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vad.errors import AudioError

    home = tmp_path / "home"
    for path in toy_corpus.rglob("*"):
        if path.is_file():
            target = home / path.relative_to(toy_corpus)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"no audio" if path.suffix == ".flac" else path.read_bytes())
    config = toy_config(manifests=[str(home / "corpus.jsonl")])
    monkeypatch.setenv("VAD_DATA_HOME", str(home))
    for jobs in (1, 2):
        with pytest.raises(AudioError, match=r"\.flac"):
            prepare(config, ("train",), jobs=jobs)
    assert [path.name for path in (tmp_path / "shards").glob("*.tfrecord")] == []


def test_killed_work_leaves_nothing_half_written(
    toy_config: Callable[..., Config], tmp_path: Path, repository: Path
) -> None:
    config = toy_config(hours__train=4000 * 4 / 3600, shards_dir=str(tmp_path / "killed"))
    path = tmp_path / "killed.yaml"
    path.write_text(config.dump())
    worker = subprocess.Popen(
        [sys.executable, "-c", "from vad.cli import main; main()", "prepare", str(path), "--jobs", "2"],
        cwd=repository,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    folder = tmp_path / "killed"
    for _ in range(3000):
        if len(list(folder.glob("train-*.tfrecord"))) >= 2 or worker.poll() is not None:
            break
        time.sleep(0.1)
    worker.kill()
    worker.wait()
    done = {path.name: path.read_bytes() for path in folder.glob("train-*.tfrecord")}
    assert len(done) >= 2
    fewer = toy_config(hours__train=12 * 4 / 3600, shards_dir=str(folder))
    prepare(fewer, ("train",), jobs=1)
    prepare(toy_config(shards_dir=str(tmp_path / "whole")), ("train",), jobs=1)
    whole = content(tmp_path / "whole")
    for name in set(whole) & set(done):
        assert done[name] == whole[name]


@pytest.mark.parametrize(("changes", "jobs"), [({}, 0), ({"split": "test"}, 1)])
def test_what_cannot_be_made_is_refused(toy_config: Callable[..., Config], changes: dict[str, str], jobs: int) -> None:
    with pytest.raises(ConfigError):
        prepare(toy_config(), (changes.get("split", "train"),), jobs=jobs)
