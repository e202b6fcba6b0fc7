"""``vad data label``: labels for recordings that nobody has labelled."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.corpus_options import corpus_options
from vad.cli.data_output import amount_in_words, progress
from vad.cli.model_option import model_option
from vad.errors import AudioError, ConfigError, ManifestError, did_you_mean
from vad.files import check_writable, writing
from vad.formats import FORMATS
from vad.manifests import Clip, Recording, data_home, found_clip, read_manifests, write_manifest
from vad.segments import Segment, Timeline

if TYPE_CHECKING:
    from vad.data.imports import ImportOptions
    from vad.data.relabel import Labeller
    from vad.labels import LabelRule

_MANIFESTS = (".jsonl", ".jsonl.gz")
_SHOWN = 5


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUTS...")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The manifest to write.")
@click.option(
    "--beside", type=click.Choice(list(FORMATS)), help="Write a label file of this format beside each recording."
)
@click.option("--overwrite", is_flag=True, help="Let --beside replace label files that are there.")
@click.option(
    "--by",
    "method",
    type=click.Choice(["energy", "model", "both"]),
    default="both",
    show_default=True,
    help="energy: every sound that stands out, for clean speech. model: the model's segments. both: speech is where "
    "the model does not rule it out, boundaries and pauses are those of the energy there.",
)
@model_option()
@click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="Change a threshold or duration of the energy."
)
@click.option("--relabel", is_flag=True, help="Label again what an earlier run has labelled. Labels of people stay.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option("--source", default="own", show_default=True, help="Of audio: name of the corpus, which ids begin with.")
@corpus_options
def label(inputs: tuple[str, ...], output: Path | None, beside: str | None, overwrite: bool, **said: Any) -> None:
    """Label recordings of speech that nobody has labelled.

    INPUTS are manifests (.jsonl, .jsonl.gz), recordings, folders of recordings or quoted patterns. In manifests, rows
    of kind speech without labels are labelled, all others are kept as they are; what --source and the options below it
    say is said of audio that no manifest describes. Every row says in label_source who
    labelled it: energy, model or energy-and-model.

    A recording that cannot be read is named and left as it was; the exit status is then 1.
    """
    if output is None and beside is None:
        raise click.UsageError("nothing would be written: give -o MANIFEST, --beside FORMAT, or both")
    if overwrite and beside is None:
        raise click.UsageError("--overwrite goes with --beside; a manifest is always written anew")
    if output is not None and not output.name.endswith(_MANIFESTS):
        raise ManifestError(f"{output}: a manifest is a .jsonl or .jsonl.gz file; rename the output")
    check_writable(output)
    labeller = _labeller(said.pop("method"), said.pop("model"), said.pop("changes"))
    relabel, jobs = said.pop("relabel"), said.pop("jobs")
    where = Path("labels.jsonl") if output is None else output
    rows, problems = _gather(inputs, where, said)
    n_named = len(rows) + len(problems)
    rows, clips, spoken, more = _label(rows, labeller, where, relabel, jobs)
    problems += more
    if beside is not None:
        problems += _write_beside({clips[i]: speech for i, speech in spoken.items()}, rows, beside, overwrite)
    if output is not None and rows:
        with writing(output):
            write_manifest(output, rows)
    for problem in problems:
        click.echo(f"vad: {problem}", err=True)
    _summarise([rows[i] for i in spoken], n_named, labeller.method)
    if problems:
        sys.exit(1)


def _labeller(method: str, model: Path | None, changes: Sequence[str]) -> Labeller:
    from vad.artifact import load_artifact
    from vad.data.relabel import Labeller

    if method == "energy" and model is not None:
        raise click.UsageError("--by energy asks no model; leave --model out, or give --by both")
    if method == "model" and changes:
        raise click.UsageError("--set changes the energy's rule, which --by model does not use")
    return Labeller(method, _rule(changes), None if model is None else load_artifact(model))


def _rule(changes: Sequence[str]) -> LabelRule:
    from vad.labels import LabelRule

    names = [field.name for field in dataclasses.fields(LabelRule)]
    values = {}
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals or name not in names:
            raise ConfigError(
                f"--set {change}: must be NAME=VALUE, a NAME of {', '.join(names)}{did_you_mean(name, names)}"
            )
        try:
            values[name] = float(text)
        except ValueError:
            raise ConfigError(f"--set {change}: {name} must be a number; received {text!r}") from None
    return LabelRule(**values)


def _gather(inputs: Sequence[str], output: Path, said: dict[str, Any]) -> tuple[list[Recording], list[str]]:
    """Returns the rows that the inputs name, audio as rows of its own, and what cannot be read of them."""
    from vad.audio import find_recordings
    from vad.data.imports import ImportOptions, recording_row

    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)  # `../a.wav` is only found from a folder that exists
    options: ImportOptions = ImportOptions(kind="speech", labels_format="none", **said)
    rows = read_manifests([name for name in inputs if name.endswith(_MANIFESTS)])
    taken = {row.id for row in rows}
    problems = []
    for name in inputs:
        if name.endswith(_MANIFESTS):
            continue
        for found in find_recordings(name):
            try:
                row = recording_row(found.path, Path(found.inside), output, options, (None, "none"))
            except (AudioError, ManifestError) as error:
                problems.append(str(error))
                continue
            if row.id in taken:
                problems.append(f"{found.path}: another recording has the id {row.id!r}; name the folder of both")
                continue
            taken.add(row.id)
            rows.append(dataclasses.replace(row, folder=output.parent))
    return rows, problems


def _label(
    rows: list[Recording], labeller: Labeller, output: Path, relabel: bool, jobs: int
) -> tuple[list[Recording], dict[int, Clip], dict[int, Timeline], list[str]]:
    """Returns the rows with their labels, clip and speech of each that was labelled, and what could not be."""
    from vad.data.relabel import METHODS, label_clips, movable, wanted

    home = data_home()
    todo: dict[int, Clip] = {}
    problems = []
    for index, row in enumerate(rows):
        if not wanted(row, again=relabel):
            continue
        try:
            todo[index] = found_clip(row, home)
        except AudioError as error:
            problems.append(f"{row.id}: {error}")
    numbers = list(todo)
    spoken: dict[int, Timeline] = {}
    labelled = [movable(row, home, output) for row in rows]
    with progress("labelling", "clips") as update:
        for done, outcome in enumerate(label_clips(list(todo.values()), labeller, jobs=jobs), 1):
            update(done, len(todo))
            if outcome.speech is None:
                problems.append(str(outcome.problem))
                continue
            index = numbers[outcome.index]
            # To the microsecond, as all manifests: the labels' arithmetic leaves 3.7919999999999994.
            spoken[index] = Timeline([Segment(round(s.start, 6), round(s.end, 6)) for s in outcome.speech])
            source = METHODS[labeller.method]
            labelled[index] = dataclasses.replace(labelled[index], speech=spoken[index], label_source=source)
    return labelled, todo, spoken, list(dict.fromkeys(problems))


def _write_beside(spoken: dict[Clip, Timeline], rows: Sequence[Recording], format: str, overwrite: bool) -> list[str]:
    """Writes a label file for each clip that is a whole file; returns why not, for the others."""
    from vad.audio import read_info
    from vad.formats import Entry, write_labels

    problems = []
    for clip, speech in spoken.items():
        info = read_info(clip.path)
        target = clip.path.with_suffix(FORMATS[format].suffixes[0])
        if clip.offset_s > 0 or clip.duration_s < info.duration_s - 1e-3:
            problems.append(f"{clip.path}: holds several clips; a label file beside it could belong to any")
        elif target.exists() and not overwrite:
            problems.append(f"{target}: is there already; give --overwrite to replace it")
        else:
            with writing(target):
                write_labels(target, [Entry(clip.path.name, speech, info.duration_s, info.sample_rate)], format=format)
    return problems


def _summarise(labelled: Sequence[Recording], n_named: int, method: str) -> None:
    seconds = sum(row.duration_s for row in labelled)
    speech_s = sum(row.speech.speech_s for row in labelled if row.speech is not None)
    silent = [row.id for row in labelled if not row.speech]
    click.echo(
        f"{len(labelled)} of {n_named} recordings labelled by {method}, {amount_in_words(seconds)}, "
        f"{amount_in_words(speech_s)} of it speech",
        err=True,
    )
    if silent:
        more = f" and {len(silent) - _SHOWN} more" if len(silent) > _SHOWN else ""
        click.echo(f"no speech found in {len(silent)}: {', '.join(silent[:_SHOWN])}{more}", err=True)
