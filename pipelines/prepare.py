"""Training shards, mixed by a cluster: ``python -m pipelines.prepare configs/base.yaml``."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from pipelines.cluster import connect, spread
from vad.config import Config, load_config
from vad.data.corpus import Corpus
from vad.data.shards import prepare
from vad.data.workers import Batch, Job, Worker
from vad.errors import ConfigError, VadError


def mixed_on_cluster(
    config: Config, corpora: Mapping[str, Corpus], todo: Sequence[Job]
) -> Generator[Batch, None, None]:
    """Mixes jobs on the nodes; as `vad.data.workers.mixed_batches` does on this machine's cores."""
    ray = connect()
    made_from = ray.put((config, dict(corpora)))

    def mix(job: Job) -> Batch:
        return _worker(made_from).run(job)

    for _, batch in spread(ray, mix, todo):
        yield batch


@lru_cache(maxsize=1)
def _worker(made_from: Any) -> Worker:
    # Opening the corpus costs seconds: once per process of a node, not once per job.
    import ray

    return Worker(*ray.get(made_from))


@click.command()
@click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change the config; repeatable.")
def main(config_path: Path, overrides: tuple[str, ...]) -> None:
    """Make the training shards of CONFIG on a cluster."""
    try:
        config = load_config(config_path, overrides)
        for split, index in prepare(config, mix=mixed_on_cluster).items():
            click.echo(f"{split}\t{index.hours:.2f} h\t{index.excerpts} excerpts\t{index.folder}")
    except VadError as error:
        click.echo(f"pipelines.prepare: {error}", err=True)
        raise SystemExit(2 if isinstance(error, ConfigError) else 1) from None


if __name__ == "__main__":
    main()
