"""Samples without a header: bytes of a stated encoding to numbers, from any binary stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from vad.audio.resample import check_rate
from vad.errors import AudioError, ConfigError, did_you_mean

BLOCK_VALUES = 1 << 16
"""Values (samples times channels) decoded at a time: a quarter megabyte of float32.

From twice that on, memory goes back to the system and comes anew with every block.
"""


def _mulaw_table() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code & 0x70) >> 4).astype(np.int32)
    mantissa = (code & 0x0F).astype(np.int32) << 4
    magnitude = np.where(exponent == 0, mantissa + 8, mantissa + 0x108 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_TABLES = {"mulaw": _mulaw_table(), "alaw": _alaw_table()}

ENCODINGS: dict[str, int] = {
    "s8": 1,
    "u8": 1,
    "s16le": 2,
    "s16be": 2,
    "s24le": 3,
    "s24be": 3,
    "s32le": 4,
    "s32be": 4,
    "f32le": 4,
    "f32be": 4,
    "f64le": 8,
    "f64be": 8,
    "mulaw": 1,
    "alaw": 1,
}
"""Names of the encodings (as ffmpeg names its raw formats) and their bytes per sample."""


@dataclass(frozen=True, slots=True)
class RawFormat:
    """What headerless bytes mean.

    Args:
        sample_rate: in Hz, 8000 to 192000.
        encoding: one of `ENCODINGS`: signed or unsigned integers, floats, mu-law, A-law.
        channels: interleaved channels, 1 or more.

    Raises:
        ConfigError: when a value is not one of those.
    """

    sample_rate: int = 16000
    encoding: str = "s16le"
    channels: int = 1

    def __post_init__(self) -> None:
        check_rate(self.sample_rate, "sample_rate")
        if self.encoding not in ENCODINGS:
            names = ", ".join(ENCODINGS)
            hint = did_you_mean(self.encoding, ENCODINGS)
            raise ConfigError(f"encoding must be one of {names}; received {self.encoding!r}{hint}")
        if self.channels < 1:
            raise ConfigError(f"channels must be at least 1; received {self.channels}")

    @property
    def bytes_per_frame(self) -> int:
        """Bytes of one sample of all channels."""
        return ENCODINGS[self.encoding] * self.channels


def decode(data: bytes, raw: RawFormat) -> NDArray[Any]:
    """Returns whole samples as they are stored, (n, channels); integers of odd widths in the next wider type.

    Args:
        data: a whole number of `raw.bytes_per_frame`.
        raw: what the bytes mean.

    Returns:
        int16 (8 and 16 bits, mu-law, A-law), int32 (24 and 32 bits), float32 or float64, full scale at that of the
        type.
    """
    encoding = raw.encoding
    if encoding in _TABLES:
        values: NDArray[Any] = _TABLES[encoding][np.frombuffer(data, np.uint8)]
    elif encoding == "u8":
        values = (np.frombuffer(data, np.uint8).astype(np.int16) - 128) * np.int16(256)
    elif encoding == "s8":
        values = np.frombuffer(data, np.int8).astype(np.int16) * np.int16(256)
    elif encoding.startswith("s24"):
        values = _decode_24(data, big_endian=encoding.endswith("be"))
    else:
        order = ">" if encoding.endswith("be") else "<"
        kind = f"{encoding[0].replace('s', 'i')}{ENCODINGS[encoding]}"
        values = np.frombuffer(data, order + kind).astype(kind, copy=False)
    return values.reshape(-1, raw.channels)


def to_float(values: NDArray[Any]) -> NDArray[np.float32]:
    """Returns samples of any type that `decode` gives as float32, full scale at ±1.0."""
    floats = values.astype(np.float32)
    if values.dtype.kind == "i":
        floats /= np.float32(1 << (8 * values.dtype.itemsize - 1))
    return floats


def _decode_24(data: bytes, *, big_endian: bool) -> NDArray[np.int32]:
    octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
    # The three bytes become the high ones of an int32, which brings the sign along.
    wide = np.zeros((len(octets), 4), np.uint8)
    wide[:, 1:] = octets[:, ::-1] if big_endian else octets
    return wide.view("<i4")[:, 0].astype(np.int32, copy=False)


def raw_blocks(stream: BinaryIO, raw: RawFormat, name: str, n_samples: int | None = None) -> Iterator[NDArray[Any]]:
    """Yields headerless samples as they arrive.

    Args:
        stream: binary; read with ``read1`` where it has that, so that a live stream is not held back.
        raw: what its bytes mean.
        name: of the stream, for messages.
        n_samples: samples per channel that are promised, where known; what follows them is left unread.

    Yields:
        (n, channels), never empty, of the types that `decode` gives.

    Raises:
        AudioError: when the stream is empty, ends inside a sample, or ends before `n_samples`.
    """
    read_some = getattr(stream, "read1", stream.read)
    width = raw.bytes_per_frame
    block_bytes = max(1, BLOCK_VALUES // raw.channels) * width
    left = None if n_samples is None else n_samples * width
    rest, total = b"", 0
    while left is None or left > 0:
        data = read_some(block_bytes if left is None else min(block_bytes, left))
        if not data:
            break
        left = None if left is None else left - len(data)
        data = rest + data
        whole = len(data) - len(data) % width
        rest = data[whole:]
        if whole:
            total += whole // width
            yield decode(data[:whole], raw)
    _check_end(name, raw, total, len(rest), n_samples)


def _check_end(name: str, raw: RawFormat, total: int, n_rest: int, n_samples: int | None) -> None:
    if n_samples is not None and total < n_samples:
        raise AudioError(truncated(name, n_samples, total))
    if n_rest:
        raise AudioError(
            f"{name}: ends inside a sample: {n_rest} bytes of {raw.bytes_per_frame} after {total} samples "
            f"({raw.encoding}, {raw.channels} channels); is the format the right one?"
        )
    if total == 0:
        raise AudioError(f"{name}: holds no samples")


def truncated(name: str, promised: int, found: int) -> str:
    """Returns the message for a recording that ends before its header says."""
    return (
        f"{name}: truncated: its header promises {promised} samples, {found} are there, {promised - found} are "
        "missing; copy or download it again"
    )
