"""``vad data``: check, count, fetch, import and label corpora."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.apart import refuse_inputs
from vad.cli.corpus_options import corpus_options
from vad.cli.counts import counted
from vad.cli.data_label import label
from vad.cli.data_output import amount_in_words, print_plan, print_statistics, progress
from vad.errors import ManifestError
from vad.files import writing
from vad.formats import FORMATS, SpeechLabels
from vad.manifests import KINDS, SPLITS, TIERS, Recording, data_home, find_manifests, read_manifests, write_manifest

if TYPE_CHECKING:
    from vad.data.fetch import FetchPlan, Item

_PATHS = click.argument("paths", nargs=-1, required=True, metavar="MANIFESTS...")


@click.group(name="data")
def command() -> None:
    """Check, count, fetch, import and label corpora.

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
    with progress("checking", "audio files") as update:
        report = check_manifests(
            list(dict.fromkeys(found)), data_home(), audio=audio, checksums=checksums, progress=update
        )
    lines += [str(problem) for problem in report.problems]
    for line in lines:
        click.echo(line)
    opened = f", {counted(report.audio_files, 'audio file')}" if audio else ""
    verdict = counted(len(lines), "problem") if lines else "no problems"
    manifests, recordings = counted(report.files, "manifest"), counted(report.rows, "recording")
    click.echo(f"{manifests}, {recordings}, {report.hours:.2f} h{opened}: {verdict}")
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

    statistics = count_recordings(read_manifests(paths))
    if style == "json":
        click.echo(json.dumps(statistics.to_dict(), indent=2, ensure_ascii=False))
    else:
        print_statistics(statistics)
    if statistics.shared_speakers:
        listed = ", ".join(f"{name!r} ({' and '.join(splits)})" for name, splits in statistics.shared_speakers.items())
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
    print_plan(absent, plan, home, to_stdout=dry_run)
    if dry_run:
        return
    failures = _fetch(plan, home, jobs, yes) if plan.items else []
    for line in failures:
        click.echo(f"vad: {line}", err=True)
    if failures or plan.unfetchable:
        sys.exit(1)


@command.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The manifest to write."
)
@click.option(
    "--labels-format",
    type=click.Choice(["auto", "none", *FORMATS]),
    default="auto",
    show_default=True,
    help="auto: RTTM, Audacity, TextGrid and CSV by their suffixes; none: nothing is labelled.",
)
@click.option(
    "--labels",
    type=click.Path(exists=True, path_type=Path),
    help="Folder or file with the labels, when they are not beside the recordings.",
)
@click.option("--speech-label", "only", multiple=True, help="Only this label is speech; may be repeated.")
@click.option("--label-tier", help="Only this tier of the label files counts.")
@click.option(
    "--unlabelled",
    type=click.Choice(["error", "skip", "no-speech"]),
    default="error",
    show_default=True,
    help="What a recording without labels is.",
)
@click.option("--source", help="Name of the corpus, which ids begin with.  [default: the folder's name]")
@click.option("--kind", type=click.Choice(KINDS), default="labelled", show_default=True)
@corpus_options
def import_(
    folder: Path, output: Path, only: tuple[str, ...], label_tier: str | None, source: str | None, **said: Any
) -> None:
    """Make a manifest of one's own recordings and their label files.

    A label file has the name of its recording; RTTM and CSV files may also hold the labels of many. The manifest
    refers to the audio by paths relative to itself, so keep the two together.
    """
    from vad.data.imports import ImportOptions, import_folder

    speech = SpeechLabels(tier=label_tier, only=frozenset(only) if only else None)
    options = ImportOptions(source=folder.resolve().name if source is None else source, speech=speech, **said)
    refuse_inputs([("--output", output)], _label_files(folder, said), "the label file")
    rows = import_folder(folder, output, options)
    with writing(output):
        write_manifest(output, rows)
    length = amount_in_words(sum(row.duration_s for row in rows))
    labelled = amount_in_words(sum(row.speech.speech_s for row in rows if row.speech is not None))
    click.echo(f"{output}: {counted(len(rows), 'recording')}, {length}, {labelled} labelled as speech", err=True)


command.add_command(label)


def _label_files(folder: Path, said: dict[str, Any]) -> Iterator[Path]:
    """Yields the label files that a manifest could be taken for: those of JSON lines."""
    from vad.audio import find_audio

    labels: Path | None = said["labels"]
    if labels is not None and labels.is_file():
        yield labels
    elif said["labels_format"] == "jsonl":
        stems = {path.stem for path in find_audio([folder])}
        found = (folder if labels is None else labels).rglob("*.jsonl")
        yield from (path for path in found if path.stem in stems)


def _select(
    rows: list[Recording], *, kinds: Sequence[str], splits: Sequence[str], tiers: Sequence[str]
) -> list[Recording]:
    wanted = {"kind": kinds, "split": splits, "tier": tiers}
    left = [row for row in rows if all(not values or getattr(row, name) in values for name, values in wanted.items())]
    if not left:
        given = " ".join(f"--{name} {value}" for name, values in wanted.items() for value in values)
        raise click.UsageError(
            f"none of {counted(len(rows), 'recording')} is of {given}; `vad data stats` shows what there is"
        )
    return left


def _fetch(plan: FetchPlan, home: Path, jobs: int, yes: bool) -> list[str]:
    from vad.data.download import Transfer
    from vad.data.fetch import run_fetch
    from vad.data.missing import size_in_words

    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise click.UsageError("nobody is there to ask; give --yes to fetch, or --dry-run to look")
        click.confirm(f"Fetch {len(plan.items)} files into {home}?", abort=True, err=True)
    lock, done, arrived = threading.Lock(), 0, 0

    def count(_: Item) -> None:
        nonlocal done
        done += 1
        update(done, len(plan.items))

    def count_bytes(number: int) -> None:
        nonlocal arrived
        with lock:
            arrived += number
        update(done, len(plan.items), size_in_words(arrived))

    with progress("fetching", "files") as update:
        failures = run_fetch(plan, home, jobs=jobs, transfer=Transfer(on_bytes=count_bytes), on_file=count)
    click.echo(f"{len(plan.items) - len(failures)} of {len(plan.items)} files fetched into {home}", err=True)
    return failures
