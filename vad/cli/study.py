"""`vad study`: kinds of recurrent cell side by side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from vad.cli.termination import clean_termination


@click.command()
@click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output",
    "run_dir",
    metavar="RUN_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="runs/ and the config's name",
    help="Folder of the study.",
)
@click.option("--resume", is_flag=True, help="Go on with the study in the folder, or begin where there is none.")
@click.option("--overwrite", is_flag=True, help="Replace the study in the folder.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Run this kind of cell or this task (speech, adding, cue, speed) alone; repeatable.",
)
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes side by side.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the config, such as seeds=[0]; repeatable.",
)
def command(config_path: Path, run_dir: Path | None, resume: bool, overwrite: bool, **options: Any) -> None:
    """Compare kinds of recurrent cell as CONFIG says.

    Trains every kind on speech and on two tasks that only memory solves, with several seeds, and leaves a folder with a
    file for each trial, tables (summary.md) and figures. Stop it at any time: the same command with --resume goes on
    where it was, and ends with the same figures as if it had never stopped.
    """
    if resume and overwrite:
        raise click.UsageError("--resume goes on with the study that --overwrite throws away; give one of them")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from vad.config import StudyConfig, read_config
    from vad.study import (
        StudyFolder,
        load_base,
        run_study,
        select,
        summarize,
        to_markdown,
        use_one_thread,
        write_figures,
    )

    study = read_config(config_path, StudyConfig, options["overrides"])
    base = load_base(study)
    select(study, options["only"])
    folder = StudyFolder(Path("runs") / study.name if run_dir is None else run_dir)
    folder.open(study, base, resume=resume, overwrite=overwrite)
    use_one_thread()
    with clean_termination():
        chosen = {"only": options["only"], "jobs": options["jobs"]}
        run_study(study, base, folder, tell=lambda line: click.echo(line, err=True), **chosen)
    summary = summarize(study, folder)
    text = to_markdown(summary)
    folder.write_summary(text)
    written = write_figures(summary, folder.figures)
    click.echo(text, nl=False)
    for path in written:
        click.echo(f"figure: {path}", err=True)
