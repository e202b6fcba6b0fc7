"""Opened recordings, and how their samples come out: in bounded blocks, a cut exact to the sample."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from vad.audio.raw import BLOCK_VALUES, RawFormat, raw_blocks, to_float, truncated
from vad.audio.resample import MAX_RATE, MIN_RATE
from vad.errors import AudioError

# Formats whose length stands in no header, or only roughly: a shorter decode is not a truncation.
_OPEN_ENDED = ("OGG", "MP3")
# By so much, two frames of MP3, decoders may differ from a count of frames: some count the header itself as one.
_MP3_LEEWAY = 2 * 1152
# An Opus decoder that starts in the middle needs time to reach the state it would have had.
_OPUS_PREROLL_S = 4
# libsndfile's count of samples where the header leaves it open.
_UNKNOWN_LENGTH = 1 << 62
# Types that hold the samples of an encoding without loss. Those of encodings that lose something are the decoder's.
_INTEGER_16 = ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW", "ALAC_16")
_INTEGER_32 = ("PCM_24", "PCM_32", "ALAC_20", "ALAC_24", "ALAC_32")
_TYPES = {
    **dict.fromkeys(_INTEGER_16, "int16"),
    **dict.fromkeys(_INTEGER_32, "int32"),
    "FLOAT": "float32",
    "DOUBLE": "float64",
}
_RAW_SUBTYPES = {"s8": "PCM_U8", "u8": "PCM_U8", "s16": "PCM_16", "s24": "PCM_24", "s32": "PCM_32"}
_RAW_SUBTYPES |= {"f32": "FLOAT", "f64": "DOUBLE", "mulaw": "ULAW", "alaw": "ALAW"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How samples are stored, in libsndfile's words.

    Args:
        container: such as ``"WAV"``.
        subtype: such as ``"PCM_16"``.
    """

    container: str
    subtype: str

    @property
    def is_lossless(self) -> bool:
        """Whether samples that are decoded and encoded again are the same."""
        return self.subtype in _TYPES

    @property
    def dtype(self) -> str:
        """The NumPy type in which samples are copied, the smallest that libsndfile has for all of their bits."""
        return _TYPES.get(self.subtype, "float32")


class NotDecodable(Exception):
    """A format that libsndfile does not know; the message is what it said."""


class Recording(ABC):
    """An opened recording that hands out its samples in bounded blocks.

    Attributes:
        name: for messages.
        sample_rate: in Hz.
        channels: how many.
        n_samples: samples per channel that the header states; None where it leaves that open.
        encoding: in which a copy is the most like the recording.
        is_open_ended: whether `n_samples` is but an estimate.
        n_read: samples per channel that `blocks` has handed out or passed over so far.
    """

    encoding: Encoding
    n_samples: int | None = None
    is_open_ended = False
    n_read = 0

    def __init__(self, name: str, sample_rate: int, channels: int) -> None:
        if not MIN_RATE <= sample_rate <= MAX_RATE:
            raise AudioError(f"{name}: sample rates from {MIN_RATE} to {MAX_RATE} Hz are read; this has {sample_rate}")
        self.name = name
        self.sample_rate = sample_rate
        self.channels = channels

    @abstractmethod
    def _begin(self, start: int) -> int:
        """Goes to a sample from which decoding reaches `start` rightly, and returns it; at most `start`."""

    @abstractmethod
    def _decode(self, n_samples: int | None, dtype: str) -> Iterator[NDArray[Any]]:
        """Yields blocks (n, channels) from the place where `_begin` went; may stop after `n_samples`.

        The blocks are of `dtype`, which is float32 or the one of `encoding`, full scale at that of the type.
        """

    @property
    def format(self) -> str:
        """Container and encoding."""
        return f"{self.encoding.container} {self.encoding.subtype}"

    def native_blocks(self) -> Iterator[NDArray[Any]]:
        """Yields the whole recording as it is stored, for copies that change no sample.

        Yields:
            (n, channels) of the type ``encoding.dtype``.

        Raises:
            AudioError: as `blocks` does.
        """
        self._begin(0)
        return self._decode(None, self.encoding.dtype)

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Yields the samples [`start`, `stop`), to the end where `stop` is None.

        Yields:
            float32 (n, channels).

        Raises:
            AudioError: when the recording cannot be decoded, holds no samples or ends before the cut does.
        """
        position = first = self._begin(start)
        for block in self._decode(None if stop is None else stop - first, "float32"):
            end = position + len(block)
            if end > start:
                yield block[max(0, start - position) : len(block) if stop is None else max(0, stop - position)]
            self.n_read = position = end
            if stop is not None and end >= stop:
                return
        if start == 0 and stop is None:
            return
        # Start and length are rounded to samples one by one, so a cut may end one sample late; no more.
        needed = start + 1 if stop is None else max(stop - 1, min(stop, start + 1))
        if position < needed:
            until = "the end" if stop is None else f"{stop / self.sample_rate:g} s"
            raise AudioError(
                f"{self.name}: the cut from {start / self.sample_rate:g} s to {until} reaches past the "
                f"recording, which ends at {position / self.sample_rate:g} s"
            )


class Headerless(Recording):
    """Plain samples that follow one another in a stream, after a header that has been read."""

    def __init__(self, name: str, stream: BinaryIO, raw: RawFormat, n_samples: int | None) -> None:
        super().__init__(name, raw.sample_rate, raw.channels)
        self.n_samples = n_samples
        self.encoding = Encoding("WAV", _RAW_SUBTYPES[raw.encoding.removesuffix("le").removesuffix("be")])
        self._stream, self._raw = stream, raw

    def _begin(self, start: int) -> int:
        return 0

    def _decode(self, n_samples: int | None, dtype: str) -> Iterator[NDArray[Any]]:
        blocks = raw_blocks(self._stream, self._raw, self.name, self.n_samples)
        return blocks if dtype == self.encoding.dtype else map(to_float, blocks)


class SequentialFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A SoundFile that only reads on.

    SoundFile seeks to where it is after every read. In Ogg and MP3 that makes the decoder start anew, and blocks
    come out other than the whole: bursts of noise in MP3, a garbled last packet in Opus.
    """

    def seekable(self) -> bool:
        """Returns False, so that `read` leaves the position alone."""
        return False

    @property
    def can_seek(self) -> bool:
        """Whether libsndfile can go to a sample in this format."""
        return bool(super().seekable())


class Decoded(Recording):
    """Anything libsndfile reads."""

    def __init__(self, name: str, file: SequentialFile) -> None:
        super().__init__(name, file.samplerate, file.channels)
        self._file = file
        self.encoding = Encoding(file.format, file.subtype)
        self.n_samples = int(file.frames) if file.frames < _UNKNOWN_LENGTH else None
        self.is_open_ended = file.format in _OPEN_ENDED
        self._promised = None if self.is_open_ended else self.n_samples
        self._leeway = 0
        self._position = 0

    def promise(self, n_samples: int | None) -> None:
        """Takes the length of an MP3 from its header, which covers the encoder's padding; None where it has none."""
        if n_samples is not None and self.n_samples is not None:
            self._promised, self._leeway = min(n_samples, self.n_samples), _MP3_LEEWAY

    def _begin(self, start: int) -> int:
        first = start if self.n_samples is None else min(start, self.n_samples)
        if self._file.subtype == "OPUS":
            first = max(0, first - _OPUS_PREROLL_S * self.sample_rate)
        elif self.is_open_ended or not self._file.can_seek:
            # In Vorbis libsndfile may land a block beside the sample asked for, in MP3 in the middle of a bit
            # reservoir: decode from the start.
            first = 0
        if first:
            with _decoder_errors(self.name, 0):
                self._position = self._file.seek(first)
        return first

    def _decode(self, n_samples: int | None, dtype: str) -> Iterator[NDArray[Any]]:
        first = position = self._position
        # libsndfile makes the same floats of 16 bits as NumPy, five times as slowly.
        stored = "int16" if self.encoding.dtype == "int16" else dtype
        block_samples = max(1, BLOCK_VALUES // self.channels)
        while n_samples is None or position - first < n_samples:
            wanted = block_samples if n_samples is None else min(block_samples, n_samples - (position - first))
            with _decoder_errors(self.name, position):
                block = self._file.read(wanted, dtype=stored, always_2d=True)
            if not len(block):
                break
            if stored != dtype:
                block = to_float(block)
            position += len(block)
            yield block
        else:
            return
        if position == 0:
            raise AudioError(f"{self.name}: holds no samples")
        if self._promised is not None and position < self._promised - self._leeway:
            raise AudioError(truncated(self.name, self._promised, position))


@contextlib.contextmanager
def open_decoder(file: str | Any, name: str) -> Iterator[Decoded]:
    """Opens a recording that libsndfile reads, for the length of a ``with`` block.

    Args:
        file: a path, or a binary stream that can seek, which is left open.
        name: of the recording, for messages.

    Raises:
        NotDecodable: with what libsndfile said, when it does not know the format.
        AudioError: when there is no header.
    """
    try:
        # soundfile encodes names strictly itself, and so fails on those that are not UTF-8; on Windows all are Unicode.
        decoder = SequentialFile(os.fsencode(file) if isinstance(file, str) and os.name != "nt" else file)
    except soundfile.LibsndfileError as error:
        raise NotDecodable(_said(error)) from None
    except TypeError as error:
        # Files named .raw: libsndfile wants to be told what they hold.
        raise AudioError(f"{name}: has no header ({error}); state its raw format instead") from None
    with decoder:
        yield Decoded(name, decoder)


@contextlib.contextmanager
def _decoder_errors(name: str, position: int) -> Iterator[None]:
    """Turns what libsndfile raises while decoding into one line that names the recording."""
    try:
        yield
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{name}: damaged or truncated: decoding stops after sample {position} ({_said(error)})"
        ) from None


def _said(error: soundfile.LibsndfileError) -> str:
    """Returns what libsndfile said, such as "Format not recognised"."""
    return str(error.error_string).strip().rstrip(".").removeprefix("Error : ")
