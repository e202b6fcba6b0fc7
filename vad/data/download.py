"""One file over HTTP: resumed where it broke off, tried again, checked, and only then given its name."""

from __future__ import annotations

import hashlib
import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vad.errors import VadError

_BLOCK_BYTES = 1 << 16
_RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 60.0
_LFS_HEAD = b"version https://git-lfs.github.com/spec/"


class FetchError(VadError):
    """A file that could not be fetched; the message says why and what to do."""


class Stopped(VadError):
    """The download was told to stop; what has arrived is kept for the next time."""


class _Broken(Exception):
    """An attempt that may succeed when it is made again."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Transfer:
    """How files are transferred.

    Attributes:
        attempts: how often a file is tried without any byte arriving in between.
        timeout_s: how long the server may keep silent, in seconds.
        backoff_s: pause before the second attempt, in seconds; doubles with each one.
        on_bytes: called with the number of bytes of every block that arrives.
        stop: when set, the transfer ends at the next block.
    """

    attempts: int = 5
    timeout_s: float = 30.0
    backoff_s: float = 1.0
    on_bytes: Callable[[int], None] | None = None
    stop: threading.Event | None = None


def download(url: str, path: Path, *, sha256: str | None = None, transfer: Transfer | None = None) -> str:
    """Downloads one file.

    What has arrived lies in ``path + ".part"``, across runs too, and the next attempt asks for the rest alone. The
    file takes its name only when it is whole and its checksum right.

    Args:
        url: the address.
        path: the file; its folder is made when absent.
        sha256: what its checksum has to be, in hexadecimal digits, when known.
        transfer: how; the defaults when None.

    Returns:
        The file's SHA-256 in hexadecimal digits.

    Raises:
        FetchError: when it is not there, keeps breaking off, has another checksum or is no content.
        Stopped: when `transfer.stop` is set meanwhile.
    """
    transfer = Transfer() if transfer is None else transfer
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    _transfer_whole(url, part, transfer)
    with part.open("rb") as stream:
        is_pointer = stream.read(len(_LFS_HEAD)) == _LFS_HEAD
        stream.seek(0)
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if is_pointer:
        part.unlink()
        raise FetchError(f"{url}: a Git LFS pointer, not the audio; get the file with git lfs and put it at {path}")
    if sha256 is not None and found != sha256:
        part.unlink()
        raise FetchError(f"{url}: the checksum is {found}, expected {sha256}; the file has changed or was damaged")
    part.replace(path)
    return found


def _transfer_whole(url: str, part: Path, transfer: Transfer) -> None:
    """Repeats attempts until the file is whole; attempts that bring it forward are not counted."""
    failures = 0
    pause = threading.Event() if transfer.stop is None else transfer.stop
    while True:
        before = _size(part)
        try:
            _attempt(url, part, transfer)
            return
        except _Broken as broken:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= transfer.attempts:
                raise FetchError(f"{url}: {broken}; tried {failures} times in vain, run the command again") from None
            wait_s = transfer.backoff_s * 2 ** (failures - 1) if broken.wait_s is None else broken.wait_s
            pause.wait(min(wait_s, _LONGEST_WAIT_S))


def _attempt(url: str, part: Path, transfer: Transfer) -> None:
    """Asks for what is not there yet and appends it."""
    have = _size(part)
    headers = {"User-Agent": "lstm-vad", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=transfer.timeout_s) as response:
            _receive(response, part, have, transfer)
    except urllib.error.HTTPError as error:
        _judge_status(url, error, part, have)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise _Broken(f"the connection failed ({str(reason) or type(reason).__name__})") from error
    except ValueError as error:
        raise FetchError(f"{url}: no address to fetch from ({error})") from error


def _receive(response: http.client.HTTPResponse, part: Path, have: int, transfer: Transfer) -> None:
    resumed = response.status == 206 and _range_start(response) == have
    if response.status == 206 and not resumed:
        part.unlink()
        raise _Broken("the server sent another part than the one asked for", 0.0)
    length = response.headers.get("Content-Length")
    arrived = 0
    if not resumed:
        part.unlink(missing_ok=True)
    while block := response.read(_BLOCK_BYTES):
        if transfer.stop is not None and transfer.stop.is_set():
            raise Stopped("stopped")
        _append(part, block)
        arrived += len(block)
        if transfer.on_bytes is not None:
            transfer.on_bytes(len(block))
    if arrived == 0 and not resumed:
        part.touch()
    # A closed connection reads like the end of the file: only the announced length tells them apart.
    if length is not None and arrived < int(length):
        raise _Broken(f"the connection broke off after {arrived} of {length} bytes")


def _append(part: Path, block: bytes) -> None:
    try:
        with part.open("ab") as stream:
            stream.write(block)
    except OSError as error:
        # Told apart from a broken connection: a full disk is not cured by trying again.
        raise FetchError(
            f"{part}: cannot be written ({error.strerror}); free some space or set VAD_DATA_HOME"
        ) from error


def _judge_status(url: str, error: urllib.error.HTTPError, part: Path, have: int) -> None:
    """Returns when the file proves whole already; else raises what the status means."""
    if error.code == 416 and have:
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return
        part.unlink()
        raise _Broken("what had arrived was no part of the file", 0.0) from error
    if error.code in _RETRY_STATUS:
        stated = error.headers.get("Retry-After", "")
        raise _Broken(f"the server answered {error.code} {error.reason}", float(stated) if stated.isdigit() else None)
    raise FetchError(f"{url}: the server answered {error.code} {error.reason}") from error


def _range_start(response: http.client.HTTPResponse) -> int | None:
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(start) if start.isdigit() else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
