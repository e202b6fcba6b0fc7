"""False alarms in everything of a split that holds no speech: noise, music, voices without words, crowds.

    VAD_DATA_HOME=... python benchmarks/false_alarms.py --output benchmarks/false_alarms.md

The recordings as they are, nothing mixed; an hour and a half of the dev split. Scored and written as `accuracy.py` does
it, a condition for each kind of the manifests.
"""

from __future__ import annotations

from pathlib import Path

import accuracy
import click
from evaluation_set import judged_by

from vad.errors import VadError
from vad.evaluation import Report, Summary, evaluate
from vad.manifests import data_home, resolve
from vad.peers import Engine

KINDS = ("noise", "music", "nonverbal", "babble")


@click.command(context_settings={"show_default": True})
@click.option("--split", type=click.Choice(["dev", "test"]), default="dev", help="What is scored.")
@click.option("--engines", default="vad,silero,webrtc,energy", help="Between commas; vad is this package's model.")
@click.option("--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else the packaged one.")
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), default=accuracy.MANIFESTS)
@click.option("--bootstrap", type=click.IntRange(0), default=200, help="Resamples of recordings.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(split: str, engines: str, model: Path | None, manifests: Path, bootstrap: int, output: Path | None) -> None:
    """Scores the engines and writes the page."""
    try:
        found = [accuracy.engine(name.strip(), model) for name in engines.split(",")]
        report = scored(split, found, manifests, bootstrap)
    except VadError as error:
        raise click.ClickException(str(error)) from error
    made_of = f"all recordings of the split {split} that hold no speech, as they are"
    text = accuracy.page(report, list(KINDS), made_of, title="False alarms")
    accuracy.publish(text, output)


def scored(split: str, engines: list[Engine], manifests: Path, bootstrap: int) -> Report:
    """Scores engines on the recordings without speech whose audio is there, by kind.

    Raises:
        VadError: when there are none, or one cannot be read.
    """
    home = data_home()
    rows = [row for row in judged_by(manifests, split) if row.kind in KINDS]
    found = [row for row in rows if resolve(row, home) is not None]
    if not found:
        raise VadError(
            f"{home}: no noise or music of the split {split!r} there; set VAD_DATA_HOME or run vad data fetch"
        )
    report = evaluate(found, engines, home, summary=Summary("kind", bootstrap))
    if report.failures:
        raise VadError("\n".join(f"{f.recording}: {f.reason}" for f in report.failures))
    return report


if __name__ == "__main__":
    main()
