"""Accuracy by condition of this package's model and of others, in one run, with intervals.

    VAD_DATA_HOME=... python benchmarks/accuracy.py --split dev --output benchmarks/accuracy.md

Builds the evaluation set of `evaluation_set.py` in a cache folder, once per split, seed and length, scores every
engine on it as ``vad evaluate`` does, and writes a Markdown page.
"""

from __future__ import annotations

import hashlib
import math
import platform
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click
import numpy as np
from evaluation_set import STANDARD, Corpus, Recipe, build

from vad.detector import Detector
from vad.errors import VadError
from vad.evaluation import ALL, DetectorEngine, Estimate, Report, Result, Summary, evaluate
from vad.files import replacing
from vad.manifests import data_home, read_manifest
from vad.peers import Engine, load_peer

HERE = Path(__file__).resolve().parent
MANIFESTS = HERE.parent / "data_manifests"
CACHE = Path.home() / ".cache" / "lstm-vad" / "accuracy"
# The heading behind the measures on the page of `experiments.py`.
WORDS = "## What was expected, why, and what was decided"
# Heading, measure, digits.
OVERVIEWS = [
    ("ROC-AUC", "roc_auc", 3),
    ("ROC-AUC at the best shift within ±100 ms", "best_shift_roc_auc", 3),
    ("F1 at the engine's own threshold", "f1", 3),
    ("DCF at the engine's own threshold", "dcf", 3),
    ("DCF at the best threshold", "min_dcf", 3),
    ("TPR at 5 % FPR", "tpr_at_fpr_05", 3),
    ("False alarm rate at the engine's own threshold", "false_alarm_rate", 3),
    ("False alarms (segments) per hour of non-speech", "false_alarms_per_hour", 0),
    ("Seconds of them per hour of non-speech", "false_alarm_s_per_hour", 0),
    ("Onset delay P50, s", "onset_delay_p50_s", 3),
    ("Offset delay P50, s", "offset_delay_p50_s", 3),
    ("Pauses of 200 ms and more found", "pauses_found", 3),
]


@click.command(context_settings={"show_default": True})
@click.option("--split", type=click.Choice(["dev", "test"]), default="dev", help="What the set is made of.")
@click.option("--engines", default="vad,silero,webrtc,energy", help="Between commas; vad is this package's model.")
@click.option("--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else the packaged one.")
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), default=MANIFESTS)
@click.option("--minutes", type=click.FloatRange(min=1), default=10.0, help="Of each condition, at the most.")
@click.option("--bootstrap", type=click.IntRange(0), default=200, help="Resamples of recordings.")
@click.option("--seed", default=0, help="Of the set.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE, help="Where the set is kept.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(engines: str, model: Path | None, bootstrap: int, output: Path | None, **made_of: Any) -> None:
    """Builds the set where it is not there, scores the engines, writes the page."""
    try:
        loaded = [engine(name.strip(), model) for name in engines.split(",")]
        report, order = scored(loaded, prepared(**made_of), Summary("source", bootstrap))
    except VadError as error:
        raise click.ClickException(str(error)) from error
    split, seed, minutes = (made_of[name] for name in ("split", "seed", "minutes"))
    text = page(report, order, f"split {split}, seed {seed}, at most {minutes:g} min a condition")
    if split == "dev":
        text += experiments(HERE / "experiments.md")
    publish(text, output)


def options_of_three(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds what a page has to know that sets three engines beside each other on the dev set."""
    for option in (
        click.option(
            "--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal."
        ),
        click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE),
        click.option("--manifests", type=click.Path(exists=True, path_type=Path), default=MANIFESTS),
        click.option(
            "--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else the packaged one."
        ),
        click.option("--engines", default="vad,silero,webrtc", help="Between commas; vad is this package's model."),
    ):
        command = option(command)
    return command


def publish(text: str, output: Path | None) -> None:
    """Writes a page to a file, whole or not at all, or to the terminal when there is none."""
    if output is None:
        click.echo(text)
        return
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def scored(engines: list[Engine], folder: Path, summary: Summary) -> tuple[Report, list[str]]:
    """Returns the report and the conditions in the order of the set; a recording that fails is an error here."""
    rows = read_manifest(folder / "manifest.jsonl")
    total = sum(row.duration_s for row in rows)
    label = f"scoring {total / 60:.0f} min"
    with click.progressbar(length=round(total), label=label, file=sys.stderr) as bar:
        report = evaluate(rows, engines, folder, summary=summary, progress=lambda s: bar.update(round(s)))
    if report.failures:
        raise VadError("\n".join(f"{f.recording}: {f.reason}" for f in report.failures))
    return report, list(dict.fromkeys(row.source for row in rows))


def engine(name: str, model: Path | None) -> Engine:
    """Returns an engine by name; vad is this package's detector with `model`, the packaged one when None."""
    return DetectorEngine(Detector(model)) if name == "vad" else load_peer(name)


def prepared(*, cache: Path, manifests: Path, split: str, minutes: float, seed: int, recipe: Recipe = STANDARD) -> Path:
    """Returns the folder of the set, built first where it is not there; a half-built one is never left.

    Args:
        cache: the folder of all sets.
        manifests: what there is in the data home.
        split: what the set is made of.
        minutes: length of each condition at the most.
        seed: of the set.
        recipe: what to make.
    """
    paths = sorted({STANDARD.script, recipe.script})
    paths += sorted(p for p in manifests.iterdir() if ".jsonl" in p.name) if manifests.is_dir() else [manifests]
    digest = hashlib.sha256(f"{split} {minutes} {seed}".encode())
    for path in paths:
        digest.update(path.read_bytes())
    folder = cache / f"{split}-{digest.hexdigest()[:12]}"
    if (folder / "manifest.jsonl").is_file():
        return folder
    click.echo(f"building the evaluation set in {folder}", err=True)
    home = data_home()
    corpus = Corpus(home, manifests, split)
    if not corpus.of("speech"):
        raise VadError(f"{home}: no speech of the split {split!r} there; set VAD_DATA_HOME or run vad data fetch")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f"{folder.name}.") as partial:
        build(Path(partial, "set"), corpus, minutes=minutes, seed=seed, recipe=recipe)
        if not folder.is_dir():  # another run may have been quicker
            Path(partial, "set").rename(folder)
    return folder


def page(report: Report, order: list[str], made_of: str, title: str = "Accuracy by condition") -> str:
    """Returns the Markdown page: an overview table per measure, then a table per condition."""
    results = {(result.condition, result.engine): result for result in report.results}
    conditions = [name for name in [*order, ALL] if (name, next(iter(report.engines))) in results]
    lines = [f"# {title}", "", f"    VAD_DATA_HOME=… python {' '.join(_shown(sys.argv))}", ""]
    lines += [f"Evaluation set: {made_of}; benchmarks/README.md says what the conditions are and where labels come"]
    lines += ["from. Square brackets: 95 % bootstrap intervals over recordings. One alignment rule, no engine shifted."]
    lines += ["", *(f"- {description}" for description in report.engines.values()), f"- {versions()}", ""]
    for heading, measure, digits in OVERVIEWS:
        rows = [[name, *(_cell(results[name, e], measure, digits) for e in report.engines)] for name in conditions]
        if any(cell != "-" for row in rows for cell in row[1:]):
            kept = [row for row in rows if any(cell != "-" for cell in row[1:])]
            lines += [f"## {heading}", "", *table(["condition", *report.engines], kept), ""]
    lines += ["# Every measure by condition", ""]
    for name in conditions:
        of_condition = [results[name, engine] for engine in report.engines]
        first = of_condition[0]
        lines += [f"## {name}", ""]
        lines += [f"{first.n_recordings} recordings, {first.speech_s / 60:.1f} min of speech, "
                  f"{first.nonspeech_s / 60:.1f} min without.", ""]  # fmt: skip
        rows = [[measure, *(_cell(r, measure, _digits(measure)) for r in of_condition)] for measure in first.measures]
        kept = [row for row in rows if any(cell != "-" for cell in row[1:])]
        lines += [*table(["measure", *report.engines], kept), ""]
    return "\n".join(lines)


def experiments(file: Path) -> str:
    """Returns the section with a row for each experiment, from the page of `experiments.py`; nothing without one."""
    if not file.is_file():
        return ""
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines[: lines.index(WORDS)] if line.startswith("|")]
    intro = "Short trainings that led to this model; [experiments.md](experiments.md) says why, and what was decided."
    return "\n".join(["", "# Experiments", "", intro, "", *rows, ""])


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Returns the lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _digits(measure: str) -> int:
    return 0 if measure.endswith("_per_hour") else 3


def _cell(result: Result, measure: str, digits: int) -> str:
    estimate: Estimate = result.measures[measure]
    if not math.isfinite(estimate.value):
        return "-"
    text = f"{estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None or not math.isfinite(estimate.low):
        return text
    return f"{text} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def _shown(arguments: list[str]) -> list[str]:
    """The command line with paths as they are seen from the repository, and none of this machine's."""
    here = str(HERE.parent)
    return [a.replace(f"{here}/", "") if a.startswith(here) else Path(a).name if a[:1] == "/" else a for a in arguments]


def versions() -> str:
    """Returns the versions that figures depend on."""
    found = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    for name in ("lstm-vad", "ai-edge-litert", "onnxruntime", "silero-vad", "webrtcvad-wheels", "soxr", "soundfile"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


if __name__ == "__main__":
    main()
