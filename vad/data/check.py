"""Checking manifests against their rules, against each other and against the audio that they name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vad.audio import read_info
from vad.data.ledger import Ledger
from vad.data.reach import falls_short
from vad.errors import AudioError
from vad.manifests import Clip, Problem, Recording, Scan, absence, duplicate_ids, original_path, resolve, scan_manifest


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        files: number of manifests.
        rows: number of rows that keep the rules of a row.
        hours: their length.
        audio_files: number of audio files that were opened.
        problems: everything wrong, in the order of the manifests.
    """

    files: int
    rows: int
    hours: float
    audio_files: int
    problems: tuple[Problem, ...]


def check_manifests(
    paths: Sequence[Path],
    home: Path,
    *,
    audio: bool = True,
    checksums: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> CheckReport:
    """Checks manifests and gathers every problem instead of stopping at one.

    Args:
        paths: the manifests.
        home: the data home.
        audio: also look for the audio and compare its length.
        checksums: also read every audio file whole and compare its checksum.
        progress: called with (audio files done, audio files in all).
    """
    scans = [scan_manifest(path) for path in paths]
    problems = [problem for scan in scans for problem in scan.problems]
    problems += duplicate_ids(scans) + _shared_speakers(scans)
    opened = 0
    if audio or checksums:
        found, opened = _check_audio(scans, home, checksums, progress)
        problems += found
    rows = [recording for scan in scans for _, recording in scan.rows]
    places = {path: number for number, path in enumerate(paths)}
    problems.sort(key=lambda p: (places.get(p.path, -1), -1 if p.line is None else p.line))
    hours = sum(row.duration_s for row in rows) / 3600
    return CheckReport(len(scans), len(rows), hours, opened, tuple(problems))


def _shared_speakers(scans: Iterable[Scan]) -> list[Problem]:
    """Returns one problem for every split beyond its first that a speaker is in."""
    first: dict[str, tuple[str, str]] = {}
    told: set[tuple[str, str]] = set()
    problems: list[Problem] = []
    for scan in scans:
        for line, row in scan.rows:
            if row.speaker is None:
                continue
            split, place = first.setdefault(row.speaker, (row.split, f"{scan.path}:{line}"))
            if row.split != split and (row.speaker, row.split) not in told:
                told.add((row.speaker, row.split))
                message = (
                    f"{row.speaker!r} is in {row.split} here and in {split} at {place}; "
                    "a speaker belongs to one split, move all of the rows there"
                )
                problems.append(Problem(scan.path, line, "speaker", row.id, message))
    return problems


@dataclass(frozen=True, slots=True)
class _Use:
    """A row's use of an audio file."""

    manifest: Path
    line: int
    row: Recording
    clip: Clip
    checksum: str | None


def _check_audio(
    scans: Sequence[Scan], home: Path, checksums: bool, progress: Callable[[int, int], None] | None
) -> tuple[list[Problem], int]:
    problems: list[Problem] = []
    uses: dict[Path, list[_Use]] = {}
    ledger = Ledger(home)
    for scan in scans:
        absent: list[tuple[int, Recording]] = []
        for line, row in scan.rows:
            clip = resolve(row, home)
            if clip is None:
                absent.append((line, row))
            else:
                known = _known_checksum(row, clip, home, ledger)
                uses.setdefault(clip.path, []).append(_Use(scan.path, line, row, clip, known))
        if absent:
            problems.append(_absence(scan, absent, home))
    for number, (path, users) in enumerate(uses.items(), start=1):
        problems += _check_file(path, users, checksums)
        if progress is not None:
            progress(number, len(uses))
    return problems, len(uses)


def _known_checksum(row: Recording, clip: Clip, home: Path, ledger: Ledger) -> str | None:
    original = original_path(row, home)
    if original is None or clip.path != original:
        return row.sha256
    return ledger.checksum(original) if row.origin_sha256 is None else row.origin_sha256


def _absence(scan: Scan, absent: Sequence[tuple[int, Recording]], home: Path) -> Problem:
    """One line for all of a manifest's missing audio: thousands of the same would hide everything else."""
    line, first = absent[0]
    message = (
        f"of {len(absent)} of {len(scan.rows)} recordings is missing, the first is {first.audio!r}: "
        f"{absence([row for _, row in absent], home, scan.path)}"
    )
    return Problem(scan.path, line, "audio", first.id, message)


def _check_file(path: Path, users: Sequence[_Use], checksums: bool) -> list[Problem]:
    first = users[0]
    try:
        duration_s = read_info(path).duration_s
    except AudioError as error:
        return [Problem(first.manifest, first.line, "audio", first.row.id, f"cannot be read: {error}")]
    problems = [
        Problem(
            use.manifest,
            use.line,
            "duration_s",
            use.row.id,
            f"reaches to {use.clip.offset_s + use.clip.duration_s:.6g} s in {path}, which ends at {duration_s:.6g} s; "
            "correct offset_s or duration_s, or fetch the file again",
        )
        for use in users
        if falls_short(use.clip.offset_s + use.clip.duration_s, duration_s)
    ]
    if checksums:
        problems += _check_sum(path, users)
    return problems


def _check_sum(path: Path, users: Sequence[_Use]) -> list[Problem]:
    """Returns a problem for every other checksum than the file's that its rows state, at the first of them."""
    if all(use.checksum is None for use in users):
        return []
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    wrong: dict[str, _Use] = {}
    for use in users:
        if use.checksum is not None and use.checksum != found:
            wrong.setdefault(use.checksum, use)
    return [
        Problem(
            use.manifest,
            use.line,
            "sha256",
            use.row.id,
            f"of {path} is {found}, stated is {stated}; fetch the file again or correct the row",
        )
        for stated, use in wrong.items()
    ]
