"""Every experiment of configs/experiments in one table: what was expected, what came out, what was decided.

    VAD_DATA_HOME=… python benchmarks/experiments.py                       # all, in benchmarks/experiments.md
    VAD_DATA_HOME=… python benchmarks/experiments.py gru width-96 --output -

An experiment is a config that says at its top what is expected, why and, once it has been run, what was decided. What
is not trained yet is trained, what was stopped goes on, what is trained and scored is read again. All are scored on the
dev set of `accuracy.py`, by the cells and the rule of `vad evaluate`, and on the dev mixtures.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import accuracy
import click

from vad.config import load_config
from vad.detector import Detector
from vad.errors import VadError
from vad.evaluation import DetectorEngine, Scores, score
from vad.files import replacing
from vad.manifests import read_manifest
from vad.metrics import FramePool, calibration_error
from vad.peers import Engine

CONFIGS = accuracy.HERE.parent / "configs" / "experiments"
# What experiments extend.
SHARED = ("budget", "common")
BASELINE = "baseline"
RECALL = 0.95
# Heading, measure, digits.
COLUMNS = (
    ("parameters", "parameters", 0),
    ("steps", "steps", 0),
    ("AUC dev mixtures", "mixtures_auc", 4),
    ("AUC all", "all_auc", 4),
    ("AUC labelled", "labelled_auc", 4),
    ("AUC clean", "clean_auc", 4),
    ("AUC noise-0", "noise-0_auc", 4),
    ("AUC music-0", "music-0_auc", 4),
    ("TPR at 5 % FPR, noise-0", "noise-0_tpr", 3),
    ("false alarms: noise", "noise-only_alarms", 3),
    ("music", "music-only_alarms", 3),
    ("nonverbal", "nonverbal-only_alarms", 3),
    ("calibration error", "calibration_error", 3),
)
COUNTS = frozenset({"parameters", "steps"})
HEADER = ("Expected", "Why", "Decision")
# Of a network that is fed otherwise than the package can, or cannot be exported: what `inputs.py` is to feed it.
INPUT = "Input"
# By which method of `vad data label` the packaged model has labelled the speech that is learnt.
LABELS = "Labels"
# What other scores would come of.
SCORED_BY = 1


@dataclass(frozen=True)
class Experiment:
    """A config and what it says of itself."""

    name: str
    path: Path
    says: dict[str, str]


@click.command(context_settings={"show_default": True})
@click.argument("names", nargs=-1)
@click.option("--configs", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CONFIGS)
@click.option("--runs", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/experiments"),
              help="Folder of the run directories.")  # fmt: skip
@click.option("--train/--no-train", default=True, help="Whether to train what is not trained, or to leave it out.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path),
              default=Path.home() / ".cache" / "lstm-vad" / "accuracy", help="Where the dev set is kept.")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
              default=accuracy.HERE / "experiments.md", help="Markdown file; - is the terminal.")  # fmt: skip
def main(names: Sequence[str], configs: Path, runs: Path, train: bool, cache: Path, output: Path) -> None:
    """Trains and scores the experiments NAMES, or all, and writes their table."""
    try:
        chosen = experiments(configs, names)
        if train:
            for experiment in chosen:
                trained(experiment, runs / experiment.name)
        finished = [e for e in chosen if judged(e, runs / e.name).is_file()]
        rows = accuracy.HERE.parent / "data_manifests"
        folder = accuracy.prepared(cache=cache, manifests=rows, split="dev", minutes=10.0, seed=0)
        found = {e.name: measured(e, runs / e.name, folder) for e in finished}
    except VadError as error:
        raise click.ClickException(str(error)) from error
    text = page(finished, found)
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def experiments(folder: Path, names: Sequence[str] = ()) -> list[Experiment]:
    """Returns the experiments of a folder, baselines first, or those named.

    Raises:
        VadError: there is none of a name, or one does not say what it is for.
    """
    paths = {path.stem: path for path in folder.glob("*.yaml") if path.stem not in SHARED}
    unknown = [name for name in names if name not in paths]
    if unknown:
        raise VadError(f"{folder}: no experiment is called {', '.join(unknown)}; there are {', '.join(sorted(paths))}")
    order = sorted(names or paths, key=lambda name: (not name.startswith(BASELINE), name))
    return [Experiment(name, paths[name], header(paths[name])) for name in order]


def header(path: Path) -> dict[str, str]:
    """Returns what the comments at the top of a config say: ``# Key: text``, more lines of it indented further.

    Raises:
        VadError: one of the keys is not there.
    """
    says: dict[str, str] = {}
    key = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        text = line[1:].strip()
        start, colon, rest = text.partition(": ")
        if colon and start in (*HEADER, INPUT, LABELS):
            key, text = start, rest
        if key is not None:
            says[key] = f"{says.get(key, '')} {text}".strip()
    missing = [name for name in HEADER if name not in says]
    if missing:
        raise VadError(f"{path}: an experiment begins with comments '# Expected: …', '# Why: …' and '# Decision: …'; "
                       f"missing: {', '.join(missing)}")  # fmt: skip
    return says


def trained(experiment: Experiment, run: Path) -> None:
    """Trains and exports an experiment, goes on where it was stopped, or finds it done.

    Raises:
        VadError: the training failed.
    """
    click.echo(f"training {experiment.name} in {run}", err=True)
    command = [sys.executable, "-m", "vad", "train", str(experiment.path), "--resume", "--run-dir", str(run)]
    if INPUT in experiment.says:
        script = str(accuracy.HERE / "inputs.py")
        command = [sys.executable, script, str(experiment.path), experiment.says[INPUT], str(run)]
    if LABELS in experiment.says:
        manifest = labelled(experiment.says[LABELS], run.parent.resolve())
        command += ["--set", f"data.manifests=[{manifest}]"]
    # In a process of its own: nothing of one training reaches the next.
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise VadError(f"{experiment.path}: the training failed; leave it out by naming others, or mend it")


def labelled(method: str, folder: Path) -> Path:
    """Returns a manifest of everything in data_manifests/, its speech labelled by the packaged model; made once.

    Raises:
        VadError: recordings could not be labelled.
    """
    manifest = folder / f"labels-{method}.jsonl.gz"
    if not manifest.is_file():
        click.echo(f"labelling {manifest}", err=True)
        rows = str(accuracy.HERE.parent / "data_manifests" / "*.jsonl.gz")
        command = [sys.executable, "-m", "vad", "data", "label", rows, "--by", method, "--output", str(manifest)]
        folder.mkdir(parents=True, exist_ok=True)
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            manifest.unlink(missing_ok=True)
            raise VadError(f"{manifest}: the labelling failed; VAD_DATA_HOME must hold every recording of {rows}")
    return manifest


def judged(experiment: Experiment, run: Path) -> Path:
    """Returns the file of a finished run that is scored."""
    return run / ("summary.json" if INPUT in experiment.says else "model.tflite")


def measured(experiment: Experiment, run: Path, folder: Path) -> dict[str, float]:
    """Returns the measures of a run, from its scores.json where that was made of the same model and set."""
    kept = run / "scores.json"
    made_of = [SCORED_BY, folder.name, hashlib.sha256(judged(experiment, run).read_bytes()).hexdigest()]
    if kept.is_file():
        content = json.loads(kept.read_text(encoding="utf-8"))
        if content["made_of"] == made_of:
            return dict(content["measures"])
    click.echo(f"scoring {run}", err=True)
    from vad.training import load_run

    engine = _engine(experiment, run)
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    found = {
        "parameters": sum(v.shape.num_elements() for v in load_run(run)[0].trainable_variables),
        "steps": summary["steps"],
        "mixtures_auc": summary["dev"]["roc_auc"],
        **measures(scores_of(engine, folder)),
    }
    with replacing(kept) as temporary:
        temporary.write_text(json.dumps({"made_of": made_of, "measures": found}, indent=2) + "\n", encoding="utf-8")
    return found


def _engine(experiment: Experiment, run: Path) -> Engine:
    if INPUT not in experiment.says:
        return DetectorEngine(Detector(run / "model.tflite"))
    import inputs

    return inputs.KerasEngine(run, load_config(experiment.path).features, experiment.says[INPUT])


def scores_of(engine: Engine, folder: Path) -> Scores:
    """Returns what an engine says of the set.

    Raises:
        VadError: a recording could not be scored.
    """
    scores = score(read_manifest(folder / "manifest.jsonl"), [engine], folder)
    if scores.failures:
        raise VadError("\n".join(f"{failure.recording}: {failure.reason}" for failure in scores.failures))
    return scores


def measures(scores: Scores) -> dict[str, float]:
    """Returns the measures of the table that are read off one engine's cells."""
    (pool,) = scores.frames.values()
    conditions: dict[str, list[int]] = {}
    for number, recording in enumerate(scores.recordings):
        conditions.setdefault(recording.source, []).append(number)
    everything = pool.curve()
    # Where all engines find the same share of speech: at thresholds of their own, calibration would be compared.
    threshold = float(everything.thresholds[int((everything.hits < RECALL * everything.n_speech).sum())])
    found = {"all_auc": everything.auc(), "calibration_error": calibration_error(pool.calibration_table())}
    read: dict[str, Callable[[FramePool], float]] = {
        "auc": lambda part: part.curve().auc(),
        "tpr": lambda part: part.curve().tpr_at_fpr(0.05),
        "alarms": lambda part: part.curve().at(threshold).false_alarm_rate,
    }
    for _, name, _ in COLUMNS:
        condition, _, measure = name.rpartition("_")
        if condition in conditions and measure in read:
            found[name] = read[measure](pool.select(conditions[condition]))
    return found


def page(chosen: Sequence[Experiment], found: dict[str, dict[str, float]]) -> str:
    """Returns the Markdown page: measures, then words."""
    names = [experiment.name for experiment in chosen]
    rows = [[name, *(_cell(found[name], measure, digits) for _, measure, digits in COLUMNS)] for name in names]
    spread = chance([found[name] for name in names if name.startswith(BASELINE)])
    rows.append(["*chance*", *(_cell(spread, measure, digits) for _, measure, digits in COLUMNS)])
    lines = ["# Experiments", "", "    VAD_DATA_HOME=… python benchmarks/experiments.py", ""]
    lines += ["A short training each (configs/experiments/common.yaml) on the same mixtures, scored on the dev set of"]
    lines += ["accuracy.md, which has nothing of the mixer, and on the dev mixtures. Areas of pooled cells of 10 ms;"]
    lines += [f"false alarms where {RECALL:.0%} of all speech is found, so that thresholds do not matter; calibration"]
    lines += ["error over all conditions. *chance*: how far the baselines lie apart, which differ by their seed alone;"]
    lines += ["two are few, so a difference that is not several times as large says nothing. A short training favours"]
    lines += ["what learns fast, and its figures cannot be held against those of accuracy.md.", ""]
    lines += accuracy.table(["experiment", *(heading for heading, _, _ in COLUMNS)], rows)
    words = [[e.name, e.says["Expected"], e.says["Why"], e.says["Decision"]] for e in chosen]
    lines += ["", accuracy.WORDS, ""]
    lines += [*accuracy.table(["experiment", "expected", "why", "what came out, and the decision"], words), ""]
    lines += [f"{accuracy.versions()}.", ""]
    return "\n".join(lines)


def chance(baselines: Sequence[dict[str, float]]) -> dict[str, float]:
    """Returns how far trainings lie apart that differ by their seed alone; nothing where there are not two."""
    if len(baselines) < 2:
        return {}
    shared = set.intersection(*(set(measures) for measures in baselines)) - COUNTS
    return {name: max(m[name] for m in baselines) - min(m[name] for m in baselines) for name in sorted(shared)}


def _cell(measures: dict[str, float], name: str, digits: int) -> str:
    return f"{measures[name]:,.{digits}f}" if name in measures else "-"


if __name__ == "__main__":
    main()
