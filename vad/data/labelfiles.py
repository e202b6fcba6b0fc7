"""Which label file belongs to which recording of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from vad.errors import ManifestError, did_you_mean
from vad.formats import FORMATS, Format, SpeechLabels, find_format, read_timelines
from vad.segments import Timeline

AUTO_FORMATS = ("rttm", "audacity", "textgrid", "csv")
"""The formats that ``auto`` looks for; others are read when they are named."""

# A table or a text that belongs to no recording is likely to be something else, unless its format was asked for.
_LIKELY_LABELS = ("rttm", "textgrid")


class LabelFiles:
    """Reads the labels of the recordings in a folder.

    A file labels the recording of the same name beside it. RTTM, CSV and JSON may hold many recordings; they name
    them by file name or path, with or without the suffix. Paths are relative to `folder` or, as `vad detect` writes
    them, to the working directory.

    Args:
        folder: where the recordings lie.
        recordings: the recordings.
        labels: folder, or single file, that holds the labels; the recordings' own folder when None.
        format: name of a label format, or ``auto``.
        speech: which labels and tiers are speech.

    Attributes:
        timelines: the speech of each recording that has labels.
        unread: recordings whose own label file cannot be read.
        problems: one line for every file that cannot be read, and every label that belongs to no recording, to
            several, or to one that has labels already.
    """

    def __init__(
        self,
        folder: Path,
        recordings: Sequence[Path],
        *,
        labels: Path | None = None,
        format: str = "auto",
        speech: SpeechLabels | None = None,
    ) -> None:
        self.timelines: dict[Path, Timeline] = {}
        self.unread: set[Path] = set()
        self.problems: list[str] = []
        self._speech = speech
        self._label_file: dict[Path, Path] = {}
        self._by_path: dict[str, list[Path]] = {}
        self._by_place: dict[str, list[Path]] = {}
        self._by_name: dict[str, list[Path]] = {}
        for recording in recordings:
            inside = recording.relative_to(folder)
            _index(self._by_path, recording, inside.as_posix(), inside.with_suffix("").as_posix())
            place = _place(recording)
            _index(self._by_place, recording, place.as_posix(), place.with_suffix("").as_posix())
            _index(self._by_name, recording, inside.name, inside.stem)
        # In a place of their own, or in a format that was asked for, files are labels and nothing else.
        is_asked = format != "auto" or labels is not None
        chosen = [find_format(format)] if format != "auto" else [FORMATS[name] for name in AUTO_FORMATS]
        where = folder if labels is None else labels
        for path, entry in _label_files(where, chosen):
            self._read(path, where, entry, is_asked or entry.name in _LIKELY_LABELS)

    def _read(self, path: Path, where: Path, entry: Format, must_belong: bool) -> None:
        """Reads one label file and gives its labels to their recordings."""
        # A single file is not looked up by its own path; inside a folder it is the twin of a recording.
        twin = path.stem if path == where else path.relative_to(where).with_suffix("").as_posix()
        own = self._by_path.get(twin, [])
        if not own and path != where and "/" not in twin and len(self._by_name.get(twin, [])) == 1:
            own = self._by_name[twin]
        must_belong = must_belong or bool(own)
        if not must_belong and not entry.several:
            return
        try:
            timelines = read_timelines(path, format=entry.name, speech=self._speech)
        except ManifestError as error:
            if must_belong:
                self.problems.append(str(error))
                self.unread.update(own)
            return
        if not must_belong and not any(self._named(name) for name in timelines):
            return
        if own and len(timelines) <= 1:
            for recording in own:
                self._give(recording, next(iter(timelines.values()), Timeline()), path)
        elif not entry.several:
            self.problems.append(f"{path}: there is no recording of this name; rename one of them, or take it away")
        else:
            for name, timeline in timelines.items():
                self._give_by_name(name, timeline, path)

    def _give_by_name(self, name: str, timeline: Timeline, path: Path) -> None:
        found = self._named(name)
        if len(found) == 1:
            self._give(found[0], timeline, path)
        elif found:
            listed = ", ".join(map(str, found))
            self.problems.append(f"{path}: {name!r} is the name of {len(found)} recordings ({listed}); give its path")
        else:
            hint = did_you_mean(name, self._by_name)
            self.problems.append(f"{path}: {name!r} names no recording{hint}; correct it or add the recording")

    def _named(self, name: str) -> list[Path]:
        """Returns the recordings that a name in a label file can mean."""
        if not name:
            return []
        return self._by_path.get(name) or self._by_place.get(_place(name).as_posix()) or self._by_name.get(name, [])

    def _give(self, recording: Path, timeline: Timeline, path: Path) -> None:
        former = self._label_file.setdefault(recording, path)
        if former != path:
            self.problems.append(
                f"{recording}: has labels in {former} and in {path}; remove one or name the format to read"
            )
            return
        self.timelines[recording] = timeline


def _place(path: str | Path) -> PurePath:
    """Returns a path as it is seen from the working directory."""
    try:
        return PurePath(os.path.relpath(path))
    except ValueError:  # on another drive
        return PurePath(path)


def _index(index: dict[str, list[Path]], recording: Path, *names: str) -> None:
    # RTTM cannot hold spaces: its writers put underscores in their place.
    for name in dict.fromkeys([*names, *("_".join(name.split()) for name in names)]):
        index.setdefault(name, []).append(recording)


def _label_files(where: Path, formats: Sequence[Format]) -> Iterator[tuple[Path, Format]]:
    """Yields the label files of a folder in depth, sorted, hidden ones passed over; or the single file."""
    by_suffix = {suffix: entry for entry in formats for suffix in entry.suffixes}
    if where.is_file():
        # A file that is named may have any suffix when its format is named too.
        entry = by_suffix.get(where.suffix.lower(), formats[0] if len(formats) == 1 else None)
        yield where, find_format(path=where) if entry is None else entry
        return
    for parent, folders, files in os.walk(where):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            entry = by_suffix.get(Path(name).suffix.lower())
            if entry is not None and not name.startswith("."):
                yield Path(parent, name), entry
