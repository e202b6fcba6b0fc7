"""Reading manifests: every problem of every file is found before anything is refused."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import NoReturn

from vad.errors import ManifestError, one_a_line
from vad.manifests.rows import Recording, recording_from_row

_ENDINGS = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a manifest or in what it names; ``str()`` gives the one line to show.

    Attributes:
        path: the manifest.
        line: line number from 1, or None when it concerns the whole file.
        field: field of the row, or None.
        recording: id of the recording, or None when the row does not say it.
        message: the rule, the value received and the remedy.
    """

    path: Path
    line: int | None
    field: str | None
    recording: str | None
    message: str

    def __str__(self) -> str:
        place = f"{self.path}" if self.line is None else f"{self.path}:{self.line}"
        named = "" if self.recording is None else f" {self.recording!r}:"
        field = "" if self.field is None else f" {self.field}"
        return f"{place}:{named}{field} {self.message}"


@dataclass(frozen=True, slots=True)
class Scan:
    """What stands in one manifest.

    Attributes:
        path: the manifest.
        rows: (line number from 1, recording) of every row that keeps the rules.
        problems: everything that does not.
    """

    path: Path
    rows: tuple[tuple[int, Recording], ...]
    problems: tuple[Problem, ...]


def read_manifest(path: Path | str) -> list[Recording]:
    """Reads one manifest, ``.jsonl`` or ``.jsonl.gz``.

    Args:
        path: the file.

    Returns:
        Its recordings, in the order of the file; each remembers the manifest's folder.

    Raises:
        ManifestError: when the file cannot be read, holds no row, or any row breaks a rule; the message has one
            line for each of the first twenty problems of the file.
    """
    scan = scan_manifest(path)
    _raise_any(scan.problems)
    return [recording for _, recording in scan.rows]


def read_manifests(patterns: Iterable[Path | str], base: Path | str = ".") -> list[Recording]:
    """Reads several manifests as one list.

    Args:
        patterns: paths, folders (all manifests in them) or patterns with ``*`` and ``?``.
        base: folder that relative patterns start from.

    Returns:
        The recordings, files in the order of the patterns (sorted within one), each file once.

    Raises:
        ManifestError: as `read_manifest`; also when a pattern finds nothing or two rows share an id.
    """
    scans = [scan_manifest(path) for path in find_manifests(patterns, base)]
    _raise_any([problem for scan in scans for problem in scan.problems] + duplicate_ids(scans))
    return [recording for scan in scans for _, recording in scan.rows]


def find_manifests(patterns: Iterable[Path | str], base: Path | str = ".") -> list[Path]:
    """Returns the manifests that paths, folders and patterns name, each once; nothing is opened.

    Raises:
        ManifestError: when one of them names no manifest.
    """
    found: dict[Path, None] = {}
    problems: list[str] = []
    for pattern in patterns:
        paths = _expand(str(pattern), Path(base))
        if not paths:
            problems.append(
                f"{Path(base) / pattern}: no such manifest; give a {' or '.join(_ENDINGS)} file, "
                "a folder that holds some, or a pattern that matches one"
            )
        found.update(dict.fromkeys(paths))
    if problems:
        raise ManifestError("\n".join(problems))
    return list(found)


def _expand(pattern: str, base: Path) -> list[Path]:
    path = base / pattern
    if path.is_dir():
        return sorted(p for ending in _ENDINGS for p in path.glob(f"*{ending}"))
    if path.exists() or not has_magic(pattern):
        return [path] if path.exists() else []
    anchor = Path(path.anchor) if path.anchor else Path()
    return sorted(p for p in anchor.glob(str(path.relative_to(anchor))) if p.name.endswith(_ENDINGS))


def scan_manifest(path: Path | str) -> Scan:
    """Reads one manifest and keeps its problems beside its rows instead of raising them.

    Args:
        path: the file, ``.jsonl`` or ``.jsonl.gz``.
    """
    path = Path(path)
    rows: list[tuple[int, Recording]] = []
    problems: list[Problem] = []
    first_lines: dict[str, int] = {}
    try:
        for number, line in _lines(path):
            recording, found = _parse(path, number, line)
            problems += found
            if recording is None:
                continue
            if recording.id in first_lines:
                seen = f"is the id of line {first_lines[recording.id]} too; ids are unique"
                problems.append(Problem(path, number, "id", recording.id, seen))
            first_lines.setdefault(recording.id, number)
            rows.append((number, recording))
    except (OSError, EOFError, zlib.error) as error:
        problems.append(Problem(path, None, None, None, f"cannot be read: {_reason(error)}"))
    if not rows and not problems:
        problems.append(Problem(path, None, None, None, "holds no row; a manifest needs at least one"))
    return Scan(path, tuple(rows), tuple(problems))


def duplicate_ids(scans: Sequence[Scan]) -> list[Problem]:
    """Returns a problem for every id that stands in more than one of the manifests."""
    places: dict[str, tuple[Path, int]] = {}
    problems: list[Problem] = []
    for scan in scans:
        for line, recording in scan.rows:
            path, first = places.setdefault(recording.id, (scan.path, line))
            if path != scan.path:
                message = f"is also the id at {path}:{first}; ids are unique over all manifests in use"
                problems.append(Problem(scan.path, line, "id", recording.id, message))
    return problems


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yields (line number, line) for every line that is not blank."""
    opener = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, line


def _parse(path: Path, number: int, line: bytes) -> tuple[Recording | None, list[Problem]]:
    try:
        row = json.loads(line.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        return None, [Problem(path, number, None, None, f"is not UTF-8 ({error.reason}); save the file as UTF-8")]
    except (ValueError, RecursionError) as error:
        return None, [Problem(path, number, None, None, f"is not valid JSON: {error}; write one object on each line")]
    if not isinstance(row, Mapping):
        kind = type(row).__name__
        return None, [Problem(path, number, None, None, f"must be one JSON object; received a {kind}")]
    recording, found = recording_from_row(row, path.parent)
    name = row.get("id")
    shown = name if isinstance(name, str) and name else None
    return recording, [Problem(path, number, field, shown, message) for field, message in found]


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} is given twice")
    return row


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _reason(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.splitlines()[0] if text else type(error).__name__


def _raise_any(problems: Sequence[Problem]) -> None:
    if problems:
        lines = [str(problem) for problem in problems]
        raise ManifestError(one_a_line(lines, "vad data check lists all of them"))
