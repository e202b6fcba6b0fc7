"""Standard input, output and error as a command finds them: closed, or on a disk that is full."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, BinaryIO

from vad.files import STDOUT

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Output(io.FileIO):
    """Standard output whose errors say that it is it."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, STDOUT) from None


def prepare_streams() -> None:
    """Names standard output in its errors, and puts something in the place of streams that are closed.

    Python has None for them: what is printed would be lost without a word, and their numbers go to the next files that
    are opened. Whoever reads standard input asks `standard_input`.
    """
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    output, is_own = sys.stdout, sys.stdout is sys.__stdout__
    if output is None:
        # Open for reading: what is printed there is an error.
        number = os.open(os.devnull, os.O_RDONLY)
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Output(number, "w")), encoding="utf-8")
    elif is_own and not output.isatty():
        output.flush()
        buffer = io.BufferedWriter(_Output(output.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(buffer, encoding=output.encoding, errors=output.errors)
    if sys.stderr is None:
        sys.stderr = open(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")  # noqa: PTH123, SIM115


def give_up_output() -> None:
    """Lets what could not be printed go nowhere: the interpreter would try again at its end, and say so."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def standard_input() -> BinaryIO:
    """Returns standard input.

    Raises:
        AudioError: when it is closed.
    """
    from vad.errors import AudioError

    if sys.stdin is None:
        raise AudioError("-: standard input is closed; pipe a recording into it, or name a file")
    return sys.stdin.buffer
