"""From a row to its audio: the packed copy, a file beside the manifest, or the fetched original."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from vad.errors import AudioError
from vad.manifests.rows import Recording

HOME_VARIABLE = "VAD_DATA_HOME"


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of an audio file.

    Attributes:
        path: the file.
        offset_s: where in it the clip starts, in seconds.
        duration_s: length of the clip in seconds.
    """

    path: Path
    offset_s: float
    duration_s: float


def cache_home() -> Path:
    """Returns the folder of the user's cache that belongs to this package; it need not exist yet."""
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "lstm-vad"


def data_home() -> Path:
    """Returns the folder that corpora lie in: ``$VAD_DATA_HOME``, else a folder in the user's cache."""
    stated = os.environ.get(HOME_VARIABLE)
    return Path(stated).expanduser() if stated else cache_home()


def packed_path(recording: Recording, home: Path) -> Path | None:
    """Returns where the row's own audio file lies in the data home; None when it may only lie by the manifest."""
    if ".." in PurePosixPath(recording.audio).parts:
        return None
    return home / recording.audio


def original_path(recording: Recording, home: Path) -> Path | None:
    """Returns where the original file lies once it is fetched, or put there by hand; None without an origin."""
    origin, commit, path = recording.origin, recording.origin_commit, recording.origin_path
    if origin is None or commit is None or path is None:
        return None
    address = urlsplit(origin)
    owner, name = address.path.strip("/").split("/")
    # A port is part of the place; its colon cannot stand in a file name everywhere.
    host = address.netloc.rpartition("@")[2].replace(":", "_")
    return home / "originals" / host / owner / name / commit / path


def resolve(recording: Recording, home: Path) -> Clip | None:
    """Finds the audio of a row.

    Looks for the packed copy in the data home, then for a file relative to the manifest's folder (corpora that
    live beside their manifest), then for the fetched original, which is the whole file and so starts at 0.

    Args:
        recording: the row.
        home: the data home, see `data_home`.

    Returns:
        The clip, or None when none of the files is there. Nothing is opened: whether a file is sound is shown by
        reading it.
    """
    packed = packed_path(recording, home)
    if packed is not None and packed.is_file():
        return Clip(packed, recording.offset_s, recording.duration_s)
    if recording.folder is not None:
        beside = recording.folder / recording.audio
        if beside.is_file():
            return Clip(beside, recording.offset_s, recording.duration_s)
    original = original_path(recording, home)
    if original is not None and original.is_file():
        return Clip(original, 0.0, recording.duration_s)
    return None


def found_clip(recording: Recording, home: Path) -> Clip:
    """Finds the audio of a row as `resolve` does.

    Raises:
        AudioError: none of the files is there. Whoever tells of it names the recording.
    """
    clip = resolve(recording, home)
    if clip is None:
        named = "" if recording.audio == recording.id else f"{recording.audio!r} "
        raise AudioError(f"audio {named}{absence([recording], home)}")
    return clip


def absence(rows: Sequence[Recording], home: Path, manifest: str | Path = "MANIFEST") -> str:
    """Says where the audio of rows was looked for in vain, and what to do about it.

    Args:
        rows: recordings for which `resolve` has found nothing, at least one.
        home: the data home.
        manifest: where the rows stand, as the command that fetches is to name it.
    """
    folders = dict.fromkeys(row.folder for row in rows if row.folder is not None and row.folder != home)
    places = " or ".join(map(str, [home, *folders]))
    fetch = shlex.join(["vad", "data", "fetch", str(manifest)])
    n_named = sum(row.origin is not None for row in rows)
    if n_named == len(rows):
        remedy = f"run: {fetch}"
    elif n_named == 0:
        remedy = "put it there or correct the row" if len(rows) == 1 else "put them there or correct the rows"
    else:
        remedy = f"run: {fetch} for the {n_named} whose rows name an origin, put the others there or correct their rows"
    return f"not found under {places}; {remedy}"
