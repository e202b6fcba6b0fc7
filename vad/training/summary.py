"""summary.json: what came out of a run, for people and for the artifact's metadata."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from typing import Any

from vad import __version__
from vad.config import Config
from vad.files import replacing
from vad.training.checkpoint import Progress
from vad.training.run_dir import RunDirectory
from vad.training.scoring import DevScore
from vad.training.start import provenance

_PACKAGES = ("tensorflow", "keras", "librosa", "numpy", "audiomentations", "tensorflow-io")


def write_summary(
    run: RunDirectory, config: Config, progress: Progress, score: DevScore, facts: Mapping[str, Any]
) -> None:
    """Writes summary.json.

    Args:
        run: where.
        config: of the training.
        progress: at its end.
        score: of the best weights on the dev split.
        facts: about the data: hours, licences.
    """
    history = progress.history
    content = {
        "name": config.name,
        "seed": config.training_seed,
        "epochs": len(history),
        "best_epoch": progress.best_epoch,
        "steps": history[-1].steps,
        "training_seconds": round(sum(row.seconds for row in history), 1),
        "dev": score.measures(),
        "data": dict(facts),
        **_start(config),
        **_teacher(config),
        **_engine(config),
        "features_fingerprint": config.features.fingerprint,
        "versions": {"lstm-vad": __version__, **versions()},
    }
    with replacing(run.summary) as temporary:
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _start(config: Config) -> dict[str, Any]:
    """Returns what the weights began as, for model cards; nothing where they were random."""
    start = config.training.start_from
    return {} if start is None else {"start_from": provenance(start)}


def _teacher(config: Config) -> dict[str, Any]:
    """Returns who taught, for model cards; nothing where nobody did."""
    training = config.training
    if training.teacher is None:
        return {}
    told = json.loads(RunDirectory(training.teacher).summary.read_text(encoding="utf-8"))
    facts = {"name": told.get("name"), "dev_roc_auc": told.get("dev", {}).get("roc_auc")}
    return {"teacher": {**facts, "weight": training.teacher_weight, "temperature": training.teacher_temperature}}


def _engine(config: Config) -> dict[str, Any]:
    """Returns whose values stood beside the labels, for model cards; nothing where nobody's did."""
    if config.data.engine is None:
        return {}
    pipeline = config.data.pipeline
    return {
        "engine": {
            "name": config.data.engine,
            "weight": pipeline.engine_weight,
            "collar_s": pipeline.engine_collar_s,
        }
    }


def versions() -> dict[str, str]:
    """Returns the versions of the packages that shape a model, those that are installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
