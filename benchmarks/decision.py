"""The packaged decision beside what `vad tune` chooses on the dev split.

    VAD_DATA_HOME=... python benchmarks/decision.py --output benchmarks/decision.md

Tuned on, all of the dev split:

* the set of `accuracy.py`, in all conditions that hold speech;
* everything that holds no speech, clip by clip, as in `false_alarms.py`;
* the utterances of `trade_off.py`, each between half seconds of faint noise.

The largest F1 of decided frames within two bounds: half of Silero's false alarms an hour, and the share of recordings
whose speech is not heard at all. Thresholds and durations are all searched.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import accuracy
import click
from evaluation_set import LABELS, RATE, Corpus, Recipe, Samples, Take, judged_by, loaded
from false_alarms import KINDS
from trade_off import words

from vad.errors import VadError
from vad.labels import energy_segments
from vad.segments import Segment, Timeline

# Half of Silero's in false_alarms.md.
MAX_ALARMS = 13.0
MAX_UNHEARD = 0.05


@click.command(context_settings={"show_default": True})
@click.option("--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else the packaged one.")
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), default=accuracy.MANIFESTS)
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=accuracy.CACHE)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(model: Path | None, manifests: Path, cache: Path, output: Path | None) -> None:
    """Builds the sets where they are not there, tunes, writes the page."""
    # Those of the accuracy set that hold no speech are cuts of the same clips, and of another kind.
    options = ["--kind", "labelled", "--max-alarms", f"{MAX_ALARMS:g}", "--max-unheard", f"{MAX_UNHEARD:g}"]
    try:
        made_of = {"cache": cache, "manifests": manifests, "split": "dev", "minutes": 10.0, "seed": 0}
        recipes = (accuracy.STANDARD, Recipe(Path(__file__).resolve(), conditions))
        sets = [accuracy.prepared(**made_of, recipe=recipe) / "manifest.jsonl" for recipe in recipes]
        table = tuned(sets, options, model)
    except VadError as error:
        raise click.ClickException(str(error)) from error
    accuracy.publish(page(options, table), output)


def conditions(corpus: Corpus, _count: int, _seed: int) -> Iterator[tuple[str, list[Take]]]:
    """Yields the utterances and all that holds no speech, a recording for each clip."""
    rows = judged_by(corpus.manifests, corpus.split)
    yield "words", [Take(samples, spoken(samples)) for _, samples in words(rows)]
    for kind in KINDS:
        yield f"{kind}-clips", [Take(loaded(clip), Timeline()) for _, clip in corpus.of(kind)]


def spoken(samples: Samples) -> Timeline:
    """Returns the speech of an utterance by its energy; all between the half seconds where that finds none."""
    found = energy_segments(samples, RATE, LABELS)
    return found if found.speech_s else Timeline([Segment(0.5, samples.size / RATE - 0.5)])


def tuned(manifests: list[Path], options: list[str], model: Path | None) -> str:
    """Returns what `vad tune` prints.

    Raises:
        VadError: it fails; its message.
    """
    chosen = [] if model is None else ["--model", str(model)]
    command = [sys.executable, "-m", "vad", "tune", *map(str, manifests), *options, *chosen]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VadError(done.stderr.strip())
    return done.stdout


def page(options: list[str], table: str) -> str:
    """Returns the Markdown page."""
    return "\n".join([
        "# The decision",
        "",
        "    VAD_DATA_HOME=… python benchmarks/decision.py --output benchmarks/decision.md",
        "",
        "The packaged model on the dev set of [accuracy.md](accuracy.md), all recordings without speech, and words, by",
        "",
        f"    vad tune accuracy.jsonl decision.jsonl {' '.join(options)}",
        "",
        *("    " + line if line else "" for line in table.rstrip().splitlines()),
        "",
        accuracy.versions(),
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
