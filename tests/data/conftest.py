"""A corpus of synthetic voices, noises and rooms, and configs that mix it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from vad.config import Config
from vad.manifests import Recording, write_manifest

RATE = 16000


def voice(pitch: float, words: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Harmonic words of 0.3 s with pauses of 0.3 s around them, over faint noise."""
    time = np.arange(int(0.3 * RATE)) / RATE
    word = sum(np.sin(2 * np.pi * pitch * k * time + k) / k for k in range(1, 12)) * np.hanning(len(time)) ** 0.25
    pause = np.zeros(int(0.3 * RATE))
    samples = np.concatenate([pause, *[part for _ in range(words) for part in (word * 0.2, pause)]])
    return (samples + rng.normal(0, 1e-4, len(samples))).astype(np.float32)


@pytest.fixture(scope="session")
def toy_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that serves as VAD_DATA_HOME, with `corpus.jsonl`."""
    home = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(3)
    rows = []

    def add(name: str, samples: NDArray[np.float32], kind: str, split: str, speaker: str | None = None) -> None:
        path = home / f"audio/{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, RATE)
        speech = None if kind in ("speech", "rir") else []
        rows.append(
            {
                "id": name,
                "audio": f"audio/{name}.flac",
                "offset_s": 0.0,
                "duration_s": len(samples) / RATE,
                "kind": kind,
                "speech": speech,
                "label_source": "none" if speech is None else "no-speech",
                "speaker": speaker,
                "language": None,
                "split": split,
                "license": "CC0-1.0",
                "tier": "share-alike" if name.startswith("copyleft") else "permissive",
            }
        )

    for split in ("train", "dev"):
        for k, pitch in enumerate((110.0, 180.0, 260.0)):
            for take in range(2):
                name = f"talk/{split}-{k}-{take}"
                add(name, voice(pitch, 1 + take * 2, rng), "speech", split, f"{split}-{k}")
        add(f"copyleft/{split}", voice(140.0, 2, rng), "speech", split, f"{split}-copyleft")
        add(f"wind/{split}", rng.normal(0, 0.1, 3 * RATE).astype(np.float32), "noise", split)
        add(f"knock/{split}", rng.normal(0, 0.1, RATE // 10).astype(np.float32), "noise", split)
        tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE)
        add(f"organ/{split}", tone.astype(np.float32), "music", split)
    response = np.concatenate([np.zeros(80), np.exp(-np.arange(RATE // 2) / 1500) * rng.normal(0, 0.2, RATE // 2)])
    response[80] = 1.0
    add("room/one", response.astype(np.float32), "rir", "train")
    write_manifest(home / "corpus.jsonl", [_recording(row) for row in rows])
    return home


def _recording(row: dict[str, object]) -> Recording:
    from vad.manifests.rows import recording_from_row

    recording, problems = recording_from_row(row)
    assert recording is not None, problems
    return recording


@pytest.fixture
def toy_config(
    toy_corpus: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Config]:
    """Makes configs of the toy corpus; keyword arguments change the data section, two underscores for a dot."""
    monkeypatch.setenv("VAD_DATA_HOME", str(toy_corpus))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))

    def make(seed: int = 1, **changes: object) -> Config:
        data: dict[str, object] = {
            "manifests": [str(toy_corpus / "corpus.jsonl")],
            "shards_dir": str(tmp_path / "shards"),
            "hours": {"train": 12 * 4 / 3600, "dev": 5 * 4 / 3600},
            "excerpts_per_shard": 5,
            "mixing": {"excerpt_s": 4.0},
            "pipeline": {"batch_size": 4, "crop_s": 2.0},
        }
        for key, value in changes.items():
            *parents, last = key.split("__")
            section = data
            for parent in parents:
                section = section.setdefault(parent, {})  # type: ignore[assignment]
            section[last] = value
        return Config.model_validate({"name": "toy", "seed": seed, "data": data})

    return make
