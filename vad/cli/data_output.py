"""What ``vad data`` shows: tables, the plan of a fetch, progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from vad.manifests import SPLITS, TIERS

if TYPE_CHECKING:
    from vad.data.fetch import FetchPlan
    from vad.data.missing import Missing
    from vad.data.stats import Amount, Statistics

_GROUPS = {"language": "Languages", "license": "Licences", "tier": "Tiers", "label_source": "Labels"}
_GROUP_COLUMNS = ("language", "licence", "tier", "label source")
_TEXT_COLUMNS = ("kind", "source", *_GROUP_COLUMNS)


class Update(Protocol):
    """Says how far something is."""

    def __call__(self, done: int, total: int, note: str | None = None) -> None:
        """Shows `done` of `total`, and a note that stays until there is another."""


@contextmanager
def progress(verb: str, unit: str) -> Iterator[Update]:
    """Shows a bar on standard error while it is a terminal; may be told how far it is from any thread."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("{task.fields[note]}")
    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TextColumn(unit), text, TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(verb, total=None, note="")

        def update(done: int, total: int, note: str | None = None) -> None:
            bar.update(task, completed=done, total=total)
            if note is not None:
                bar.update(task, note=note)

        yield update


def amount_in_words(seconds: float) -> str:
    """Returns an amount of audio in seconds, minutes or hours, whichever says most."""
    for unit, length_s in (("h", 3600.0), ("min", 60.0)):
        if seconds >= length_s:
            return f"{seconds / length_s:.2f} {unit}"
    return f"{seconds:.1f} s"


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


def print_statistics(counted: Statistics) -> None:
    """Prints the counts as tables on standard output."""
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


def print_plan(absent: Missing, plan: FetchPlan, home: Path, *, to_stdout: bool) -> None:
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
