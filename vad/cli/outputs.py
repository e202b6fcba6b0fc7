"""Where segments go: standard output, one file, or a directory with one file a recording. Files appear whole."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol, TextIO

import click

from vad.cli.apart import refuse_recordings
from vad.files import is_stream, replacing, writing

if TYPE_CHECKING:
    from vad.cli.inputs import Source
    from vad.cli.printing import Printer, Style


class Target(Protocol):
    """Takes the segments of recordings."""

    def recording(self, source: Source) -> contextlib.AbstractContextManager[Printer]:
        """Gives a printer for a recording; when the block raises, nothing of it is kept where that can be."""

    def is_finished(self, source: Source) -> bool:
        """Whether a recording's output is there, whole and no older than the recording."""

    def is_path(self, source: Source, path: Path) -> bool:
        """Whether a recording's segments go to this file."""

    def beside(self, source: Source) -> Path | None:
        """Returns a file that lies beside a recording already and would be replaced, where nobody has named it."""


class JointTarget:
    """Standard output or a file for all recordings.

    Args:
        printer: what writes there.
        path: the file; None is standard output.
    """

    def __init__(self, printer: Printer, path: Path | None = None) -> None:
        self._printer, self._path = printer, path
        self._n_done = 0

    @contextlib.contextmanager
    def recording(self, source: Source) -> Iterator[Printer]:
        """Gives the printer."""
        yield self._printer
        self._n_done += 1

    def is_finished(self, source: Source) -> bool:
        """Returns False: what is there is not known by recording."""
        return False

    def is_path(self, source: Source, path: Path) -> bool:
        """Whether this is the file."""
        return self._path is not None and path.resolve() == self._path.resolve()

    def beside(self, source: Source) -> Path | None:
        """Returns None: a file that is named is meant."""
        return None

    @property
    def is_empty(self) -> bool:
        """Whether no recording could be done."""
        return self._n_done == 0


class FolderTarget:
    """A directory with one file a recording.

    Args:
        folder: made when absent.
        style: of the files.
        stems: name of each recording's file, without suffix.
    """

    def __init__(self, folder: Path, style: Style, stems: Mapping[Source, PurePath]) -> None:
        self._folder, self._style, self._stems = folder, style, stems

    @contextlib.contextmanager
    def recording(self, source: Source) -> Iterator[Printer]:
        """Gives a printer to the recording's file, which appears when the block ends well."""
        with _open_text(self._path(source)) as file:
            printer = self._style.printer(functools.partial(print, end="", file=file))
            yield printer
            printer.close()

    def is_finished(self, source: Source) -> bool:
        """Whether a recording's file is there and no older than the recording."""
        return is_newer(self._path(source), source)

    def is_path(self, source: Source, path: Path) -> bool:
        """Whether this is the recording's file."""
        return path.resolve() == self._path(source).resolve()

    def beside(self, source: Source) -> Path | None:
        """Returns the recording's file when it is there already, in the recording's own folder."""
        path = self._path(source)
        return path if is_beside(path, source) else None

    def paths(self) -> Iterator[Path]:
        """Yields the file of each recording."""
        return map(self._path, self._stems)

    def _path(self, source: Source) -> Path:
        return add_suffix(self._folder / self._stems[source], self._style.suffix)


def is_folder(path: str) -> bool:
    """Returns whether an output is a directory: it is there as one, or ends with a slash."""
    return Path(path).is_dir() or path.endswith(("/", os.sep))


def add_suffix(path: Path, suffix: str) -> Path:
    """Returns a path with a suffix added, whatever dots its name has."""
    return path.with_name(path.name + suffix)


def is_beside(path: Path, source: Source) -> bool:
    """Returns whether an output is there already, in the recording's own folder: it may be labels made by hand."""
    return source.path is not None and path.exists() and path.parent.resolve() == source.path.parent.resolve()


def is_newer(path: Path, source: Source) -> bool:
    """Returns whether an output is there and no older than the recording that it was made from."""
    if source.path is None or not path.is_file():
        return False
    try:
        return path.stat().st_mtime_ns >= source.path.stat().st_mtime_ns
    except OSError:
        return False


@contextlib.contextmanager
def open_target(output: str, style: Style, stems: Mapping[Source, PurePath]) -> Iterator[Target]:
    """Gives the place that ``--output`` names. A file appears when the block ends well and a recording could be done.

    Args:
        output: path of a file or a directory; ``-`` is standard output.
        style: of what is written.
        stems: name of each recording's file in a directory, without suffix.

    Raises:
        click.UsageError: when the style holds one recording and there are several, or an output is a recording itself.
    """
    if output != "-" and is_folder(output):
        folder = FolderTarget(Path(output), style, stems)
        refuse_recordings((("--output", path) for path in folder.paths()), stems)
        yield folder
        return
    refuse_recordings([("--output", None if output == "-" else Path(output))], stems)
    if len(stems) > 1 and not style.holds_several:
        raise click.UsageError(
            f"a file in the format {style.name} holds one recording, and here are {len(stems)}: name a directory "
            "with --output DIR/"
        )
    if output == "-":
        printer = style.printer(functools.partial(click.echo, nl=False))
        yield JointTarget(printer)
        printer.close()
        return
    with contextlib.suppress(_NothingDone), _open_text(Path(output)) as file:
        printer = style.printer(functools.partial(print, end="", file=file))
        target = JointTarget(printer, Path(output))
        yield target
        printer.close()
        if target.is_empty:
            raise _NothingDone


class _NothingDone(Exception):
    """No recording could be done: the output is not made."""


@contextlib.contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    with writing(path):
        if is_stream(path):
            # Line by line: the reader of a pipe has each segment as soon as it is found.
            with path.open("w", encoding="utf-8", newline="", buffering=1) as stream:
                yield stream
            return
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
