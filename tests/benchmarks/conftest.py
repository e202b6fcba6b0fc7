"""The scripts of benchmarks/ and a small corpus for them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile

from vad.manifests import Recording, write_manifest
from vad.segments import Timeline

_RATE = 16000


@pytest.fixture(scope="module")
def scripts(repository: Path) -> dict[str, ModuleType]:
    """The scripts of benchmarks/, which are no package."""
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        return {
            name: importlib.import_module(name)
            for name in (
                "evaluation_set",
                "accuracy",
                "conditions",
                "false_alarms",
                "trade_off",
                "decision",
                "card",
                "absence",
                "steady",
                "label_references",
                "labels",
            )
        }
    finally:
        sys.path.remove(str(repository / "benchmarks"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus of the split dev: buzzes for speech, noise, a chord; its manifest is manifests/all.jsonl."""
    home, random = tmp_path_factory.mktemp("corpus"), np.random.default_rng(0)
    rows = []
    kinds = {"speech": (8, 1.0), "noise": (8, 7.0), "music": (2, 31.0), "labelled": (1, 4.0)}
    for kind, (count, seconds) in kinds.items():
        for number in range(count):
            t = np.arange(int(_RATE * (seconds + (4 if kind == "speech" and number % 2 else 0)))) / _RATE
            samples = {
                "speech": 0.2 * np.sign(np.sin(2 * np.pi * 150 * t)) * ((t > 0.2) & (t < t[-1] - 0.3)),
                "noise": 0.1 * random.standard_normal(t.size),
                "music": 0.1 * (np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 660 * t)),
                "labelled": 0.1 * random.standard_normal(t.size) * (t > 2),
            }[kind]
            path = home / f"{kind}-{number}.wav"
            soundfile.write(path, samples, _RATE)
            speech = {"speech": None, "labelled": Timeline.from_pairs([(2.0, 4.0)])}.get(kind, Timeline())
            source = {"speech": "none", "labelled": "reference"}.get(kind, "no-speech")
            rows.append(
                Recording(
                    f"{kind}-{number % 2}/{number}",
                    path.name,
                    0.0,
                    t.size / _RATE,
                    kind,
                    speech,
                    source,
                    None,
                    "th" if kind == "speech" else None,
                    "dev",
                    "CC0-1.0",
                    "permissive",
                )
            )
    write_manifest(home / "manifests" / "all.jsonl", rows)
    return home
