"""WAV headers: enough of RIFF to see truncation in a file and to decode plain WAV from a pipe.

References:
    Multimedia Programming Interface and Data Specifications 1.0 (RIFF, WAVE); EBU Tech 3306 (RF64).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from vad.audio.raw import RawFormat
from vad.errors import AudioError, ConfigError

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_ENCODINGS = {
    (_PCM, 8): "u8",
    (_PCM, 16): "s16le",
    (_PCM, 24): "s24le",
    (_PCM, 32): "s32le",
    (_FLOAT, 32): "f32le",
    (_FLOAT, 64): "f64le",
    (_ALAW, 8): "alaw",
    (_MULAW, 8): "mulaw",
}
_IN_DS64 = 0xFFFFFFFF
_SKIP_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What a WAV file says about itself before its samples.

    Args:
        sample_rate: in Hz.
        channels: interleaved.
        bits: per sample.
        format_tag: of the samples, the extensible one resolved.
        block_align: bytes of one sample of all channels (of one block, in compressed formats).
        data_bytes: bytes of samples promised, or None when the writer could not know (it wrote to a pipe).
        data_start: bytes from the file's start to the samples.
    """

    sample_rate: int
    channels: int
    bits: int
    format_tag: int
    block_align: int
    data_bytes: int | None
    data_start: int

    @property
    def n_samples(self) -> int | None:
        """Samples per channel promised, where known; of plain formats only."""
        return None if self.data_bytes is None else self.data_bytes // max(1, self.block_align)

    def to_raw(self, name: str) -> RawFormat | None:
        """Returns the format of the samples where they are plain PCM, float, mu-law or A-law, else None.

        Raises:
            AudioError: when the rate is out of range or there is no channel.
        """
        encoding = _ENCODINGS.get((self.format_tag, self.bits))
        if encoding is None or self.block_align * 8 != self.bits * self.channels:
            return None
        try:
            return RawFormat(self.sample_rate, encoding, self.channels)
        except ConfigError as error:
            raise AudioError(f"{name}: {error}") from None


def is_wav(head: bytes) -> bool:
    """Returns whether the first 12 bytes of a file are those of a WAV (RIFF, RF64 or BW64)."""
    return head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE"


def read_wav_header(head: bytes, stream: BinaryIO, name: str) -> WavHeader:
    """Reads a WAV header and leaves the stream at the first sample.

    Args:
        head: the first 12 bytes, which `is_wav` accepts.
        stream: binary, after those; it need not seek.
        name: of the recording, for messages.

    Raises:
        AudioError: when the stream ends inside the header, or the samples come before their format.
    """
    riff_bytes = struct.unpack("<I", head[4:8])[0]
    position = len(head)
    fmt = long_data_bytes = None
    while True:
        tag, size = struct.unpack("<4sI", _read_exactly(stream, 8, name))
        position += 8
        if tag == b"data":
            break
        padded = size + size % 2
        if tag == b"fmt ":
            fmt = _read_exactly(stream, padded, name)
        elif tag == b"ds64":
            long_data_bytes = struct.unpack("<8xQ", _read_exactly(stream, padded, name)[:16])[0]
        else:
            _skip(stream, padded, name)
        position += padded
    if fmt is None or len(fmt) < 16:
        raise AudioError(f"{name}: not a WAV that can be read: no 'fmt ' chunk before the samples")
    format_tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", fmt[:16])
    if format_tag == _EXTENSIBLE and len(fmt) >= 26:
        format_tag = struct.unpack("<H", fmt[24:26])[0]
    if size == _IN_DS64 and long_data_bytes is not None:
        data_bytes = long_data_bytes
    else:
        data_bytes = None if _is_placeholder(size, riff_bytes) else size
    return WavHeader(rate, channels, bits, format_tag, align, data_bytes, position)


def _is_placeholder(data_bytes: int, riff_bytes: int) -> bool:
    """Returns whether a size was written by a tool that could not go back and fill it in.

    ffmpeg writes 0xFFFFFFFF to a pipe, SoX and espeak-ng 0x7FFFF000, arecord 0x80000000; a recorder that was cut
    off leaves zeros.
    """
    if data_bytes == 0:
        return riff_bytes in (0, 0xFFFFFFFF)
    return data_bytes >= 0xFFFFFF00 or 0x7FFFF000 <= data_bytes <= 0x80000000


def _read_exactly(stream: BinaryIO, n_bytes: int, name: str) -> bytes:
    parts, left = [], n_bytes
    while left > 0:
        part = stream.read(min(left, _SKIP_BYTES))
        if not part:
            raise AudioError(f"{name}: truncated: ends inside its WAV header, before any sample")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _skip(stream: BinaryIO, n_bytes: int, name: str) -> None:
    for done in range(0, n_bytes, _SKIP_BYTES):
        _read_exactly(stream, min(_SKIP_BYTES, n_bytes - done), name)
