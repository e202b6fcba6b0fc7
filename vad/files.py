"""Files that appear whole or not at all, and what is written into because it is no regular file."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vad.errors import cannot_write

STDOUT: Final = "standard output"
"""What an error in printing has as its file name, which tells it from those of the files written meanwhile."""

# As Linux allows in one path.
_MOST_LINKS: Final = 40


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path in the same folder and renames it to `path` when the block ends well.

    When the block raises, the temporary file is removed and an existing `path` stays as it was. The folder is
    made when absent. The temporary name ends like `path`, for writers that go by the suffix.

    A link keeps its name and gets the content into the file that it leads to. Devices, pipes and descriptors stay
    what they are: they are opened at once and filled when the block ends well, for writers that go back to the start.

    Args:
        path: the file to write or replace; the block has to make the temporary file.

    Raises:
        OSError: when it cannot be written.

    Example:
        >>> with replacing(Path("table.csv")) as temporary:  # doctest: +SKIP
        ...     temporary.write_text("a,b")
    """
    place = _follow(path)
    if _is_stream(place):
        with _filling(place, path.name) as temporary:
            yield temporary
        return
    _make_folder(place.parent)
    # Process and thread in the name: two writers of the same file never share a temporary one.
    temporary = place.with_name(f".{os.getpid()}-{threading.get_ident()}.part.{path.name}")
    try:
        yield temporary
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Turns what the system says of an output in the block into one line.

    Raises:
        VadError: naming `path`, when it cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.filename == STDOUT:
            raise
        raise cannot_write(path, error) from error


def check_writable(path: Path | None) -> None:
    """Finds out before long work what would keep a file from being written after it; makes nothing.

    Args:
        path: the file; None is passed over.

    Raises:
        VadError: when its folder cannot be made or written to, or `path` is a folder.
    """
    if path is None:
        return
    with writing(path):
        if is_stream(path):
            return
        place = _follow(path).absolute()
        folder = next(parent for parent in place.parents if parent.exists())
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def is_stream(path: Path) -> bool:
    """Returns whether a path leads to a device, a pipe or a descriptor: to what is written into, not replaced."""
    return _is_stream(_follow(path))


def _is_stream(place: Path) -> bool:
    return _is_descriptor(place) or (place.exists() and not place.is_file() and not place.is_dir())


def _is_descriptor(path: Path) -> bool:
    # ``/dev/stdout`` and a shell's ``>(…)`` lead here. What stands behind it, even a file, is open already.
    folder = os.path.realpath(path.parent)
    return folder == "/dev/fd" or (folder.startswith("/proc/") and folder.endswith("/fd"))


def _follow(path: Path) -> Path:
    """Returns where links lead, in the end; descriptors are left as they are.

    Raises:
        OSError: when links lead in a circle.
    """
    place = path
    for _ in range(_MOST_LINKS):
        if _is_descriptor(place) or not place.is_symlink():
            return place
        place = place.parent / place.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


@contextmanager
def _filling(place: Path, name: str) -> Iterator[Path]:
    import shutil
    import tempfile

    # Opened first: the reader of a pipe learns of its end also when nothing comes.
    with place.open("wb") as stream, tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / name
        yield temporary
        with temporary.open("rb") as file:
            shutil.copyfileobj(file, stream)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        # A file has the folder's name; that it exists is not what is wrong.
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
