"""Copies of parts of recordings: the same format, rate, channels and, where the format loses nothing, samples."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from vad.audio.decode import Encoding, Recording
from vad.audio.media import Media
from vad.errors import AudioError
from vad.files import replacing

# Of containers whose files can be copied. The first suffix is for recordings whose own name has none of them.
_SUFFIXES = {
    "WAV": (".wav", ".wave"),
    "WAVEX": (".wav", ".wave"),
    "RF64": (".wav", ".rf64"),
    "W64": (".w64",),
    "FLAC": (".flac",),
    "OGG": (".ogg", ".oga", ".opus"),
    "MP3": (".mp3",),
    "AIFF": (".aiff", ".aif", ".aifc"),
    "AU": (".au", ".snd"),
    "CAF": (".caf",),
}
# What the sizes in a WAV header can hold, less room for the header itself.
_MAX_WAV_BYTES = (1 << 32) - (1 << 16)
# Encodings whose samples WAV holds, where libsndfile does not write the encoding itself: of ALAC with more than 16 bits
# it garbles short files.
_WAV_SUBTYPES = {"ALAC_20": "PCM_24", "ALAC_24": "PCM_24", "ALAC_32": "PCM_32", "PCM_S8": "PCM_U8"}


class Copy:
    """How parts of a recording are stored.

    Args:
        recording: opened.
        path: of the recording, whose suffix is kept; None where it has none.

    Attributes:
        encoding: of the copies.
        suffix: of their files.
        note: what a listener has to know of them; empty where their samples are the recording's own.
    """

    def __init__(self, recording: Recording, path: Path | None = None) -> None:
        source = recording.encoding
        self.sample_rate, self.channels = recording.sample_rate, recording.channels
        self.encoding, self.note = source, ""
        if isinstance(recording, Media):
            self.note = f"{recording.format} cannot be written: copies are WAV {source.subtype}, its samples as decoded"
        elif not _is_writable(source):
            subtype = _WAV_SUBTYPES.get(source.subtype, source.subtype) if source.is_lossless else "FLOAT"
            self.encoding = Encoding("WAV", subtype)
            self.note = f"{recording.format} cannot be written: copies are WAV {subtype}"
        elif not source.is_lossless:
            self.note = f"{recording.format} loses something each time: copies are encoded anew"
        suffixes = _SUFFIXES[self.encoding.container]
        own = "" if path is None else path.suffix.lower()
        self.suffix = own if own in suffixes else suffixes[0]

    def accepts(self, path: Path) -> bool:
        """Whether a path has a suffix of the copies' format."""
        return path.suffix.lower() in _SUFFIXES[self.encoding.container]

    @contextlib.contextmanager
    def open(self, path: Path, n_samples: int) -> Iterator[soundfile.SoundFile]:
        """Gives a file to write blocks to, which appears under its name when the ``with`` block ends well.

        Args:
            path: of the copy.
            n_samples: per channel, that will be written: WAV beyond 4 GB becomes RF64.

        Raises:
            AudioError: with what libsndfile said.
        """
        container = self.encoding.container
        n_bytes = n_samples * self.channels * np.dtype(self.encoding.dtype).itemsize
        if container in ("WAV", "WAVEX") and n_bytes > _MAX_WAV_BYTES:
            container = "RF64"
        try:
            with (
                replacing(path) as temporary,
                temporary.open("w+b") as stream,
                soundfile.SoundFile(
                    stream, "w", self.sample_rate, self.channels, subtype=self.encoding.subtype, format=container
                ) as file,
            ):
                yield file
        except soundfile.LibsndfileError as error:
            raise AudioError(f"{path}: cannot be written as {container} {self.encoding.subtype}: {error}") from None


def _is_writable(encoding: Encoding) -> bool:
    if encoding.container not in _SUFFIXES or encoding.subtype in ("ALAC_20", "ALAC_24", "ALAC_32"):
        return False
    return bool(soundfile.check_format(encoding.container, encoding.subtype))


def copy_pieces(recording: Recording, pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yields the samples of parts of a recording as they are stored, in bounded blocks.

    Args:
        recording: opened anew.
        pieces: first sample and the one after the last of each part; in order, without overlap.

    Yields:
        The number of the part from 0, and the next of its samples, (n, channels).

    Raises:
        AudioError: when the recording cannot be decoded.
    """
    number = position = 0
    for block in recording.native_blocks():
        end = position + len(block)
        while number < len(pieces) and pieces[number][0] < end:
            start, stop = pieces[number]
            part = block[max(0, start - position) : stop - position]
            if len(part):
                yield number, part
            if stop > end:
                break
            number += 1
        if number == len(pieces):
            return
        position = end
