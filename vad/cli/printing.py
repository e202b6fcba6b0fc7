"""Segments as lines of a table, of CSV, or as JSON, written while they are found; and progress in one line."""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from vad import __version__
from vad.formats import Entry, Provenance
from vad.formats import csv as table
from vad.formats import json as document
from vad.segments import Segment, Timeline

if TYPE_CHECKING:
    from vad.decision import DecisionRule
    from vad.detector import Detector

_REDRAW_S = 0.1
_SHOW_AFTER_S = 0.5


class Printer:
    """Writes the segments of one recording after the other.

    Args:
        write: takes text and sends it on at once.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._name = ""

    def begin(self, name: str) -> None:
        """Says whose segments come next."""
        self._name = name

    def write(self, segments: Sequence[Segment]) -> None:
        """Writes segments of the recording begun, in order."""

    def end(self, duration_s: float) -> None:
        """Says that the recording begun is done, and how long it was."""

    def close(self) -> None:
        """Writes what comes after the last recording."""


class TablePrinter(Printer):
    """Columns for people: start, end, duration, file; the total at the end."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(write)
        self._n_segments = self._n_recordings = 0
        self._speech_s = self._duration_s = 0.0

    def write(self, segments: Sequence[Segment]) -> None:
        """Writes a line per segment, under a heading before the first."""
        lines = [f"{s.start:>10.3f} {s.end:>10.3f} {s.duration:>9.3f}  {self._name}\n" for s in segments]
        if not self._n_segments:
            lines.insert(0, f"{'start':>10} {'end':>10} {'duration':>9}  file\n")
        self._write("".join(lines))
        self._n_segments += len(segments)
        self._speech_s += sum(segment.duration for segment in segments)

    def end(self, duration_s: float) -> None:
        """Counts the recording."""
        self._n_recordings += 1
        self._duration_s += duration_s

    def close(self) -> None:
        """Writes the total, unless there was nothing."""
        if self._n_segments and self._duration_s:
            share = 100 * self._speech_s / self._duration_s
            where = "" if self._n_recordings == 1 else f" in {self._n_recordings} recordings"
            count = "1 segment" if self._n_segments == 1 else f"{self._n_segments} segments"
            self._write(
                f"{count}{where}, {self._speech_s:.3f} s of speech in {self._duration_s:.3f} s ({share:.0f} %)\n"
            )


class CsvPrinter(Printer):
    """A header, then recording, start and end of every segment, as `vad.formats` has them."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(write)
        self._write(table.write([]))

    def write(self, segments: Sequence[Segment]) -> None:
        """Writes a row per segment."""
        self._write(table.write([Entry(self._name, Timeline(segments))], header=False))


class JsonPrinter(Printer):
    """One document of all recordings with version, model and rule, as `vad.formats` has it; written at the end."""

    def __init__(self, write: Callable[[str], None], provenance: Provenance) -> None:
        super().__init__(write)
        self._provenance = provenance
        self._entries: list[Entry] = []
        self._segments: list[Segment] = []

    def begin(self, name: str) -> None:
        """Forgets the segments of a recording that failed half way."""
        super().begin(name)
        self._segments = []

    def write(self, segments: Sequence[Segment]) -> None:
        """Keeps the segments until the recording is done."""
        self._segments += segments

    def end(self, duration_s: float) -> None:
        """Keeps the recording."""
        self._entries.append(Entry(self._name, Timeline(self._segments), duration_s))

    def close(self) -> None:
        """Writes the document."""
        self._write(document.write(self._entries, self._provenance))


@contextlib.contextmanager
def open_printer(style: str, output: str, detector: Detector, rule: DecisionRule) -> Iterator[Printer]:
    """Gives a printer to standard output or to a file, which appears only once it is whole.

    Args:
        style: ``table``, ``json`` or ``csv``.
        output: path of the file; ``-`` is standard output.
        detector: what the JSON says found the segments.
        rule: the rule in use.
    """
    with contextlib.ExitStack() as stack:
        write: Callable[[str], None] = _echo
        if output != "-":
            write = functools.partial(print, end="", file=stack.enter_context(_open_output(Path(output))))
        if style == "json":
            model, digest = Path(detector.artifact.name).name, detector.artifact.digest
            provenance = Provenance(f"vad {__version__}", model, digest, rule.to_dict())
            printer: Printer = JsonPrinter(write, provenance)
        else:
            printer = CsvPrinter(write) if style == "csv" else TablePrinter(write)
        yield printer
        printer.close()


@contextlib.contextmanager
def _open_output(path: Path) -> Iterator[TextIO]:
    from vad.files import replacing

    if path.is_dir():
        raise click.UsageError(f"--output {path} is a directory; name a file")
    try:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error


def _echo(text: str) -> None:
    click.echo(text, nl=False)


class Progress:
    """One line on standard error about the recording at hand, when that is a terminal and it takes a while."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._path: Path | None = None
        self._total_s: float | None = None
        self._begun = self._drawn = 0.0
        self._visible = False

    def start(self, path: Path | None) -> None:
        """Begins a recording; None is one of which nothing is shown."""
        self._path, self._total_s = path, None
        self._begun = time.monotonic()

    def update(self, position_s: float) -> None:
        """Says how far it is."""
        now = time.monotonic()
        if not self._shows or self._path is None or now - max(self._begun + _SHOW_AFTER_S, self._drawn) < _REDRAW_S:
            return
        if self._total_s is None:
            self._total_s = _duration_s(self._path)
        share = f"{min(1.0, position_s / self._total_s):4.0%} " if self._total_s else ""
        rate = position_s / (now - self._begun)
        sys.stderr.write(f"\r{share}{position_s:.0f} s done, {rate:.0f} times real time: {self._path.name}\x1b[K")
        sys.stderr.flush()
        self._drawn, self._visible = now, True

    def clear(self) -> None:
        """Takes the line away, before something else is written."""
        if self._visible:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._visible = False
            self._drawn = 0.0  # to be drawn again at once, under what is written now


def _duration_s(path: Path) -> float:
    """Returns how long a recording says it is, 0 where it does not."""
    from vad.audio import read_info
    from vad.errors import AudioError

    try:
        return read_info(path).duration_s if path.is_file() else 0.0
    except AudioError:  # reading it will say so
        return 0.0
