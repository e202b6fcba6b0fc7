"""Which recordings have no audio yet, how much that is, and where it can be had."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from vad.manifests import HISTORY, Recording, original_path, resolve

RAW_GITHUB = "https://raw.githubusercontent.com"

# Corpora that their authors publish elsewhere too: source → what it is part of, and where that stands.
CANONICAL_HOMES = {
    "librispeech-100": "LibriSpeech, https://www.openslr.org/12",
    "librispeech-deep": "LibriSpeech, https://www.openslr.org/12",
    "ljspeech": "LJSpeech, https://keithito.com/LJ-Speech-Dataset",
    "esc-50-free-part-noise": "ESC-50, https://github.com/karolpiczak/ESC-50",
    "esc-50-free-part-nonverbal": "ESC-50, https://github.com/karolpiczak/ESC-50",
}
# Bytes of an hour of originals, by what their names end in: medians of what the corpora hold. Manifests carry no
# sizes, and "about 2 GB" is enough to decide by.
_BYTES_PER_HOUR = {".wav": 180e6, ".flac": 90e6, ".ogg": 50e6, ".mp3": 60e6, ".opus": 20e6}
_OTHER_BYTES_PER_HOUR = 100e6


@dataclass(frozen=True, slots=True)
class MissingSource:
    """What is missing of one source.

    Attributes:
        source: first part of the ids.
        recordings: how many.
        hours: how much of them.
        size_bytes: about how large their originals are.
        licenses: the licences, as stated.
        obstacle: why they cannot be fetched and what to do instead, or None when they can.
    """

    source: str
    recordings: int
    hours: float
    size_bytes: float
    licenses: tuple[str, ...]
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing of a set of recordings.

    Attributes:
        sources: by source, in the order of their names.
        rows: the recordings without audio.
    """

    sources: tuple[MissingSource, ...]
    rows: tuple[Recording, ...]

    @property
    def hours(self) -> float:
        """Hours of all that is missing."""
        return sum(source.hours for source in self.sources)

    @property
    def size_bytes(self) -> float:
        """About how large the originals of all that is missing are."""
        return sum(source.size_bytes for source in self.sources)

    def message(self, manifests: Sequence[Path | str], home: Path) -> str:
        """Says what is missing, how large it is, and the command that fetches it.

        Args:
            manifests: the manifests as the command line is to name them.
            home: the data home that was looked in.

        Returns:
            Text of one line; the empty string when nothing is missing.
        """
        if not self.rows:
            return ""
        listed = ", ".join(f"{source.source} ({source.hours:.2f} h)" for source in self.sources)
        command = shlex.join(["vad", "data", "fetch", *map(str, manifests)])
        stuck = sum(source.recordings for source in self.sources if source.obstacle is not None)
        elsewhere = f" ({stuck} of them have to be had elsewhere, it says where)" if stuck else ""
        return (
            f"{len(self.rows)} recordings ({self.hours:.1f} h, about {size_in_words(self.size_bytes)}) are not in "
            f"{home}: {listed}; set VAD_DATA_HOME to where they are, or run: {command}{elsewhere}"
        )


def missing(rows: Iterable[Recording], home: Path, base_url: str | None = None) -> Missing:
    """Finds the recordings whose audio is not there.

    Args:
        rows: the recordings that are wanted.
        home: the data home.
        base_url: as for `origin_address`.
    """
    absent = tuple(row for row in rows if resolve(row, home) is None)
    groups: dict[tuple[str, str | None], list[Recording]] = {}
    for row in absent:
        groups.setdefault((row.source, obstacle(row, home, base_url)), []).append(row)
    sources = [
        MissingSource(
            source=source,
            recordings=len(group),
            hours=sum(row.duration_s for row in group) / 3600,
            size_bytes=sum(map(_original_bytes, group)),
            licenses=tuple(sorted({row.license for row in group})),
            obstacle=why,
        )
        for (source, why), group in groups.items()
    ]
    return Missing(tuple(sorted(sources, key=lambda source: source.source)), absent)


def origin_address(recording: Recording, base_url: str | None = None) -> str | None:
    """Returns the address that a recording's original is fetched from, or None when there is none.

    Args:
        recording: the row.
        base_url: what stands in front of ``owner/repository/commit/path`` instead of GitHub's own address.
    """
    origin, commit, path = recording.origin, recording.origin_commit, recording.origin_path
    if origin is None or commit is None or path is None or commit == HISTORY:
        return None
    if base_url is None and urlsplit(origin).hostname != "github.com":
        return None
    base = RAW_GITHUB if base_url is None else base_url.rstrip("/")
    return f"{base}/{quote(urlsplit(origin).path.strip('/'))}/{quote(commit)}/{quote(path)}"


def obstacle(recording: Recording, home: Path, base_url: str | None = None) -> str | None:
    """Says why a recording cannot be fetched and what to do instead; None when it can.

    Args:
        recording: the row.
        home: the data home.
        base_url: as for `origin_address`.
    """
    if origin_address(recording, base_url) is not None:
        return None
    original = original_path(recording, home)
    if original is None:
        return "the rows name no origin; put the audio where the manifest says"
    # The part of the path above the row's own is the same for a whole source.
    folder = Path(str(original)[: -len(str(PurePosixPath(recording.origin_path or "")))])
    canonical = CANONICAL_HOMES.get(recording.source)
    if canonical is not None:
        return f"part of {canonical}; download it there and put the files under {folder}, named as origin_path says"
    if recording.origin_commit == HISTORY:
        return (
            f"stands only in older commits of {recording.origin} and cannot be fetched; "
            f"clone that repository and put the files under {folder}, named as origin_path says"
        )
    return f"stands at {recording.origin}, which is not GitHub; put the files under {folder}, named as origin_path says"


def size_in_words(size_bytes: float) -> str:
    """Returns a size for people: ``3 kB``, ``120 MB``, ``1.5 GB``."""
    if size_bytes >= 1e9:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"


def _original_bytes(recording: Recording) -> float:
    name = recording.audio if recording.origin_path is None else recording.origin_path
    rate = _BYTES_PER_HOUR.get(PurePosixPath(name).suffix.lower(), _OTHER_BYTES_PER_HOUR)
    return rate * recording.duration_s / 3600
