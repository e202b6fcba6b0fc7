"""What is read is not written over, and no two outputs go to one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vad.files import is_stream

if TYPE_CHECKING:
    from vad.cli.inputs import Source
    from vad.manifests import Recording

Output = tuple[str, Path | None]
"""An option and the file that it has written; None where it is not given."""


def refuse_inputs(outputs: Iterable[Output], inputs: Iterable[Path | None], what: str) -> None:
    """Refuses outputs that would take the place of what is read.

    Args:
        outputs: with the options that name them.
        inputs: the files that are read; None is standard input.
        what: they are, for the message: "the recording".

    Raises:
        click.UsageError: naming the first of them.
    """
    # What is not there takes no place: most runs end here, and a long manifest is not gone through.
    there = [(option, path) for option, path in outputs if path is not None and path.exists() and not is_stream(path)]
    taken = {name for path in inputs if path is not None for name in _names(path)} if there else set()
    for option, path in there:
        if not taken.isdisjoint(_names(path)):
            raise click.UsageError(f"{option} {path} is {what} itself; name another file")


def refuse_recordings(outputs: Iterable[Output], sources: Iterable[Source]) -> None:
    """Refuses outputs that would take the place of a recording that the command line names.

    Raises:
        click.UsageError: naming the first of them.
    """
    refuse_inputs(outputs, (source.path for source in sources), "the recording")


def refuse_corpus(outputs: Iterable[Output], manifests: Iterable[str], recordings: Iterable[Recording]) -> None:
    """Refuses outputs that would take the place of a manifest or of the audio that its rows name.

    Raises:
        click.UsageError: naming the first of them.
    """
    from vad.manifests import data_home, find_manifests, resolve

    there = [(option, path) for option, path in outputs if path is not None and path.exists()]
    if not there:
        return
    refuse_inputs(there, find_manifests(list(manifests)), "the manifest")
    home = data_home()
    clips = (resolve(recording, home) for recording in recordings)
    refuse_inputs(there, (clip.path for clip in clips if clip is not None), "the recording")


def refuse_model(outputs: Iterable[Output], model: Path | None, preset: str | None = None) -> None:
    """Refuses outputs that would take the place of the model or of the preset in use.

    Raises:
        click.UsageError: naming the first of them.
    """
    outputs = list(outputs)
    refuse_inputs(outputs, [model], "the model")
    refuse_inputs(outputs, [None if preset is None else Path(preset)], "the preset")


def refuse_twice(outputs: Iterable[Output]) -> None:
    """Refuses two outputs that would go to one file; into a pipe or a device both may go.

    Raises:
        click.UsageError: naming the options of the first such pair.
    """
    taken: dict[Path, str] = {}
    for option, path in outputs:
        if path is None or is_stream(path):
            continue
        other = taken.setdefault(path.resolve(), option)
        if other != option:
            raise click.UsageError(f"{other} and {option} would both write {path}: name another file")


def _names(path: Path) -> Iterator[Path | tuple[int, int]]:
    """Yields what a file is known by: its path, and its number where it is there (letters may differ in case)."""
    yield path.resolve()
    try:
        status = path.stat()
    except OSError:
        return
    yield status.st_dev, status.st_ino
