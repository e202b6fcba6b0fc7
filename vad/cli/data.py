"""``vad data``: check, count, fetch and import corpora."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.errors import ManifestError
from vad.manifests import KINDS, SPLITS, TIERS, Recording, data_home, find_manifests, read_manifests

if TYPE_CHECKING:
    from vad.data.fetch import FetchPlan, Item
    from vad.data.missing import Missing
    from vad.data.stats import Amount, Statistics

_GROUPS = {"language": "Languages", "license": "Licences", "tier": "Tiers", "label_source": "Labels"}
_GROUP_COLUMNS = ("language", "licence", "tier", "label source")
_TEXT_COLUMNS = ("kind", "source", *_GROUP_COLUMNS)
_PATHS = click.argument("paths", nargs=-1, required=True, metavar="MANIFESTS...")


@click.group(name="data")
def command() -> None:
    """Check, count, fetch and import corpora.

    MANIFESTS are .jsonl or .jsonl.gz files, folders that hold some, or quoted patterns such as
    'data_manifests/libri*'. Audio is looked for in $VAD_DATA_HOME, or else in the user's cache folder.
    """


@command.command()
@_PATHS
@click.option("--audio/--no-audio", default=True, show_default=True, help="Look for the audio and its length too.")
@click.option("--checksums", is_flag=True, help="Read all of the audio and compare its checksums too.")
def check(paths: tuple[str, ...], audio: bool, checksums: bool) -> None:
    """Check manifests and the audio that they name.

    Prints one line for every problem, and a summary. Exit status 1 when there is any problem.
    """
    from vad.data.check import check_manifests

    if checksums and not audio:
        raise click.UsageError("--checksums reads the audio that --no-audio leaves out; give one of them")
    found: list[Path] = []
    lines: list[str] = []
    for path in paths:
        try:
            found += find_manifests([path])
        except ManifestError as error:
            lines.append(str(error))
    with _progress("checking", "audio files") as update:
        report = check_manifests(
            list(dict.fromkeys(found)), data_home(), audio=audio, checksums=checksums, progress=update
        )
    lines += [str(problem) for problem in report.problems]
    for line in lines:
        click.echo(line)
    opened = f", {report.audio_files} audio files" if audio else ""
    verdict = "no problems" if not lines else f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
    click.echo(f"{report.files} manifests, {report.rows} recordings, {report.hours:.2f} h{opened}: {verdict}")
    if lines:
        sys.exit(1)


@command.command()
@_PATHS
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
def stats(paths: tuple[str, ...], style: str) -> None:
    """Count hours and clips by kind, split, language, licence, tier and label source.

    A speaker who is in two splits is an error: exit status 1.
    """
    from vad.data.stats import count_recordings

    counted = count_recordings(read_manifests(paths))
    if style == "json":
        click.echo(json.dumps(counted.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print_statistics(counted)
    if counted.shared_speakers:
        listed = ", ".join(f"{name!r} ({' and '.join(splits)})" for name, splits in counted.shared_speakers.items())
        raise ManifestError(f"speakers in more than one split: {listed}; move all rows of a speaker into one split")


@command.command()
@_PATHS
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind; may be repeated.")
@click.option("--split", "splits", multiple=True, type=click.Choice(SPLITS), help="Only this split; may be repeated.")
@click.option("--tier", "tiers", multiple=True, type=click.Choice(TIERS), help="Only this licence tier.")
@click.option("--jobs", type=click.IntRange(1, 64), default=4, show_default=True, help="Files at once.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched and stop.")
@click.option("--yes", is_flag=True, help="Do not ask before fetching.")
@click.option(
    "--base-url",
    envvar="VAD_FETCH_BASE_URL",
    show_envvar=True,
    help="Fetch from a mirror: the address in front of owner/repository/commit/path.",
)
def fetch(paths: tuple[str, ...], dry_run: bool, yes: bool, jobs: int, base_url: str | None, **wanted: Any) -> None:
    """Download what manifests name from where it came from, into the data home.

    What is there already is left alone, and what broke off is resumed. A file that fails is named at the end
    and does not keep the others from arriving; the exit status is then 1.
    """
    from vad.data.fetch import plan_fetch
    from vad.data.missing import missing

    home = data_home()
    rows = _select(read_manifests(paths), **wanted)
    absent = missing(rows, home, base_url)
    plan = plan_fetch(rows, home, base_url=base_url)
    _print_plan(absent, plan, home, to_stdout=dry_run)
    if dry_run:
        return
    failures = _fetch(plan, home, jobs, yes) if plan.items else []
    for line in failures:
        click.echo(f"vad: {line}", err=True)
    if failures or plan.unfetchable:
        sys.exit(1)


def _select(
    rows: list[Recording], *, kinds: Sequence[str], splits: Sequence[str], tiers: Sequence[str]
) -> list[Recording]:
    wanted = {"kind": kinds, "split": splits, "tier": tiers}
    left = [row for row in rows if all(not values or getattr(row, name) in values for name, values in wanted.items())]
    if not left:
        given = " ".join(f"--{name} {value}" for name, values in wanted.items() for value in values)
        raise click.UsageError(
            f"none of the {len(rows)} recordings is of {given}; `vad data stats` shows what there is"
        )
    return left


def _fetch(plan: FetchPlan, home: Path, jobs: int, yes: bool) -> list[str]:
    from vad.data.download import Transfer
    from vad.data.fetch import run_fetch

    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is there to ask; give --yes to fetch, or --dry-run to look")
        click.confirm(f"Fetch {len(plan.items)} files into {home}?", abort=True, err=True)
    done = 0

    def count(_: Item) -> None:
        nonlocal done
        done += 1
        update(done, len(plan.items))

    with _progress("fetching", "files") as update:
        failures = run_fetch(plan, home, jobs=jobs, transfer=Transfer(), on_file=count)
    click.echo(f"{len(plan.items) - len(failures)} of {len(plan.items)} files fetched into {home}", err=True)
    return failures


@contextmanager
def _progress(verb: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Shows a bar on standard error while it is a terminal; the caller reports (done, in all)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(verb, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, err: bool = False) -> None:
    """Prints a table; the columns in `_TEXT_COLUMNS` hold text, the others numbers."""
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=err, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 140
    table = Table(box=None, pad_edge=False)
    for name in columns:
        left = name in _TEXT_COLUMNS
        table.add_column(name, justify="left" if left else "right", overflow="fold", no_wrap=not left)
    for row in rows:
        table.add_row(*row)
    with console.capture() as capture:
        console.print(table)
    click.echo(click.style(title, bold=True), err=err)
    for line in capture.get().splitlines():
        click.echo(line.rstrip(), err=err)


def _print_statistics(counted: Statistics) -> None:
    splits = [split for split in SPLITS if any(split in found for found in counted.by_kind.values())]
    rows = [
        [kind, *(text for split in splits for text in _amount(amounts.get(split)))]
        for kind, amounts in counted.by_kind.items()
    ]
    columns = ["kind", *(name for split in splits for name in (f"{split} h", "clips"))]
    if counted.by_kind:
        rows.append(["speakers", *(text for split in splits for text in ("", str(counted.speakers[split])))])
    _table("Kinds", columns, rows)
    for (group, title), name in zip(_GROUPS.items(), _GROUP_COLUMNS, strict=True):
        click.echo()
        _table(title, ["h", "clips", name], [[*_amount(a), v] for v, a in counted.by_group[group].items()])
    click.echo(f"\nin all {counted.total.hours:.2f} h, {counted.total.clips} clips")


def _amount(amount: Amount | None) -> tuple[str, str]:
    return ("", "") if amount is None else (f"{amount.hours:.2f}", str(amount.clips))


def _print_plan(absent: Missing, plan: FetchPlan, home: Path, *, to_stdout: bool) -> None:
    """Says what is going to be fetched under which licences, and what cannot be."""
    from vad.data.missing import CANONICAL_HOMES, size_in_words

    sources = [source for source in absent.sources if source.obstacle is None]
    rows = [
        [s.source, str(s.recordings), f"{s.hours:.2f}", size_in_words(s.size_bytes), "; ".join(s.licenses)]
        for s in sources
    ]
    if rows:
        total = size_in_words(sum(source.size_bytes for source in sources))
        rows.append(["in all", str(sum(s.recordings for s in sources)), f"{sum(s.hours for s in sources):.2f}", total])
        _table(f"To fetch into {home}", ["source", "clips", "h", "about", "licence"], rows, err=not to_stdout)
        hours = {tier: sum(r.duration_s for item in plan.items for r in item.rows if r.tier == tier) for tier in TIERS}
        listed = ", ".join(f"{tier} {seconds / 3600:.2f} h" for tier, seconds in hours.items() if seconds)
        click.echo(f"licence tiers: {listed}; the audio keeps the licences of its authors", err=not to_stdout)
    for source in sources:
        if source.source in CANONICAL_HOMES:
            click.echo(f"{source.source} is part of {CANONICAL_HOMES[source.source]}", err=not to_stdout)
    for reason, found in plan.unfetchable.items():
        click.echo(f"not fetched, {len(found)} recordings of {reason}", err=not to_stdout)
    click.echo(f"{plan.present} recordings are there already, {len(plan.items)} files to fetch", err=not to_stdout)
