"""`vad prepare`: mix, compute and store what a config trains on."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path, dir_okay=False))
@click.option("-j", "--jobs", type=click.IntRange(min=1), show_default="all cores", help="Processes that mix at once.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the config, such as data.hours.train=80; repeatable.",
)
def command(config_path: Path, jobs: int | None, overrides: tuple[str, ...]) -> None:
    """Make the training shards of CONFIG that are not there yet.

    Mixtures of speech, noise and rooms become log-mel frames with labels, in TFRecord files with an index. The same
    config gives the same bytes on any number of processes; interrupt it at any time, the next call goes on.
    `vad train` does this by itself when shards are missing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from vad.cli.data_output import progress
    from vad.config import load_config
    from vad.data.shards import prepare

    config = load_config(config_path, overrides)
    with progress("mixing", "excerpts") as update:
        indexes = prepare(config, jobs=jobs, progress=lambda split, done, total: update(done, total, split))
    for split, index in indexes.items():
        click.echo(
            f"{split}\t{index.hours:.2f} h\t{index.excerpts} excerpts\t{len(index.shards)} shards\t"
            f"{index.speech_share:.0%} speech\t{index.folder}"
        )
