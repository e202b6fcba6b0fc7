"""Finding recordings: files, directories searched in depth, patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from vad.audio.media import MEDIA_SUFFIXES
from vad.errors import AudioError

AUDIO_SUFFIXES = MEDIA_SUFFIXES | frozenset(
    (".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav")
)
"""Suffixes, in lower case, of the files that a search of a directory takes for recordings."""

_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Found:
    """A recording that a search came upon.

    Args:
        path: where it is.
        inside: where it is inside the directory that was searched; its bare name when it was named itself.
    """

    path: Path
    inside: PurePath


def find_audio(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Returns the recordings that paths name; see `find_recordings`. Nothing is listed twice.

    Raises:
        AudioError: when a directory holds no recording, or a pattern matches none.
    """
    return list(dict.fromkeys(found.path for path in paths for found in find_recordings(path)))


def find_recordings(path: str | os.PathLike[str]) -> list[Found]:
    """Returns the recordings that a path names: a file as it is, directories and patterns expanded.

    Directories are searched in depth for the suffixes in `AUDIO_SUFFIXES`, sorted; hidden files and folders are
    passed over, and so are links to folders. Patterns are the shell's (``*``, ``?``, ``[…]``) with ``**`` for any
    depth; where a pattern states no suffix, only the suffixes in `AUDIO_SUFFIXES` count. A path that does not exist
    is kept: reading it says so, and the rest of a batch goes on.

    Raises:
        AudioError: when the name is empty, a directory holds no recording, or a pattern matches none.
    """
    name = os.fspath(path)
    if not name:
        # To the system it is the working directory; to whoever typed "$FILE", a variable that is not set.
        raise AudioError("'': an empty name is no recording; name a file, a directory or a pattern")
    suffixes = " ".join(sorted(AUDIO_SUFFIXES))
    if _WILDCARDS & set(name) and not os.path.lexists(path):
        found = list(dict.fromkeys(_match(name)))
        if not found:
            raise AudioError(f"{name}: no recording matches this pattern (looked for {suffixes} where it states none)")
        return found
    if not Path(path).is_dir():
        return [Found(Path(path), PurePath(Path(path).name))]
    inside = _search(Path(path), Path(path))
    if not inside:
        raise AudioError(f"{name}: no recording in this directory (looked for {suffixes})")
    return inside


def _match(pattern: str) -> Iterator[Found]:
    parts = PurePath(pattern).parts
    fixed = next(number for number, part in enumerate(parts) if _WILDCARDS & set(part))
    base = Path(*parts[:fixed])
    suffix = PurePath(pattern).suffix
    is_open = not suffix or bool(_WILDCARDS & set(suffix))
    for name in sorted(glob.glob(pattern, recursive=True), key=Path):  # noqa: PTH207  # Path.glob finds hidden files
        path = Path(name)
        if path.is_dir():
            yield from _search(path, base)
        elif not is_open or path.suffix.lower() in AUDIO_SUFFIXES:
            yield Found(path, path.relative_to(base))


def _search(folder: Path, base: Path) -> list[Found]:
    return [Found(path, path.relative_to(base)) for path in sorted(_walk(folder))]


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in AUDIO_SUFFIXES:
                yield Path(parent, name)
