"""Recordings in: decode in bounded chunks, one channel, one sample rate.

Every way in gives the same thing, mono float32 chunks at the rate asked for: a path, an opened binary stream, a pipe,
headerless samples. Memory stays flat however long the recording is, and how a recording is cut into chunks never
changes a sample of it.

Rooms: `search` finds recordings, `files` opens them, `decode` hands out their samples (libsndfile), `media` those of
what only ffmpeg reads, `copying` writes parts of them, `riff` reads WAV headers (to see truncation, and to stream WAV
from a pipe), `raw` turns bytes into samples, `resample` mixes down and changes the rate.

Example:
    >>> for chunk in iter_chunks("meeting.flac", sample_rate=16000):
    ...     stream.push(chunk)
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from vad.audio.copying import Copy, copy_pieces
from vad.audio.decode import Encoding, Recording
from vad.audio.files import AudioInfo, open_recording, read_info
from vad.audio.raw import ENCODINGS, RawFormat, raw_blocks, to_float
from vad.audio.resample import Resampler, check_rate, rechunk, to_mono
from vad.audio.search import AUDIO_SUFFIXES, Found, find_audio, find_recordings
from vad.errors import AudioError, ConfigError
from vad.frames import seconds_to_samples

__all__ = [
    "AUDIO_SUFFIXES",
    "ENCODINGS",
    "AudioInfo",
    "Copy",
    "Encoding",
    "Found",
    "RawFormat",
    "Recording",
    "Resampler",
    "copy_pieces",
    "find_audio",
    "find_recordings",
    "iter_chunks",
    "iter_raw_chunks",
    "open_recording",
    "read",
    "read_info",
    "recording_chunks",
    "to_mono",
]

Source = str | os.PathLike[str] | BinaryIO
"""What can be read: a path (a named pipe too) or an opened binary stream at its start."""

CHUNK_SAMPLES = 16000
"""Samples per chunk where the caller does not say: one second at 16 kHz."""


def iter_chunks(
    source: Source,
    *,
    sample_rate: int = 16000,
    channel: int | None = None,
    chunk_samples: int = CHUNK_SAMPLES,
    offset_s: float = 0.0,
    duration_s: float | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Yields a recording in mono chunks, with memory that does not depend on its length.

    The cut is made in samples of the source rate, before resampling: it starts at ``round(offset_s * rate)`` and is
    ``round(duration_s * rate)`` long (halves up). Concatenated, the chunks are the same for every `chunk_samples`.
    In WAV, FLAC, Vorbis and MP3 a cut equals that slice of the whole, bit by bit. In Opus it lies on the same
    samples; the decoder starts 4 s early to settle, and what remains of its past is below the coding noise.

    Args:
        source: a path, or a binary stream opened at its start. Streams that cannot seek are decoded as they come
            when they hold plain WAV, else through a temporary file.
        sample_rate: of the chunks, in Hz, 8000 to 192000.
        channel: which channel, from 0; None mixes all down with equal weights.
        chunk_samples: samples per chunk; the last may be shorter.
        offset_s: where to start, in seconds.
        duration_s: how much to read, in seconds; None reads to the end.

    Yields:
        float32 arrays (n,), full scale at ±1.0, not clipped.

    Raises:
        AudioError: naming the recording and what is wrong: missing, empty, not audio, truncated, not finite,
            a channel or a cut that is not there.
        ConfigError: when an argument is out of its range whatever the recording.
    """
    check_rate(sample_rate, "sample_rate")
    if chunk_samples < 1:
        raise ConfigError(f"chunk_samples must be at least 1; received {chunk_samples}")
    if not (math.isfinite(offset_s) and offset_s >= 0):
        raise ConfigError(f"offset_s must be a time from 0 up; received {offset_s}")
    if duration_s is not None and not (math.isfinite(duration_s) and duration_s > 0):
        raise ConfigError(f"duration_s must be positive, or None for all; received {duration_s}")
    return _chunks(source, sample_rate, channel, chunk_samples, (offset_s, duration_s))


def _chunks(
    source: Source,
    sample_rate: int,
    channel: int | None,
    chunk_samples: int,
    span_s: tuple[float, float | None],
) -> Iterator[NDArray[np.float32]]:
    with open_recording(source) as recording:
        start = seconds_to_samples(span_s[0], recording.sample_rate)
        length = None if span_s[1] is None else seconds_to_samples(span_s[1], recording.sample_rate)
        cut = (start, None if length is None else start + length)
        yield from recording_chunks(
            recording, cut, sample_rate=sample_rate, channel=channel, chunk_samples=chunk_samples
        )


def recording_chunks(
    recording: Recording,
    cut: tuple[int, int | None] = (0, None),
    *,
    sample_rate: int = 16000,
    channel: int | None = None,
    chunk_samples: int = CHUNK_SAMPLES,
) -> Iterator[NDArray[np.float32]]:
    """Yields an opened recording in mono chunks.

    Args:
        recording: from `open_recording`; it can be gone through once.
        cut: first sample, and the one after the last or None for the end, at the rate of the recording.
        sample_rate: of the chunks, in Hz, 8000 to 192000.
        channel: which channel, from 0; None mixes all down with equal weights.
        chunk_samples: samples per chunk; the last may be shorter.

    Yields:
        float32 arrays (n,), full scale at ±1.0.

    Raises:
        AudioError: as in `iter_chunks`.
    """
    mono = _to_finite_mono(recording.blocks(*cut), channel, recording.name, cut[0])
    return rechunk(Resampler(recording.sample_rate, sample_rate).apply(mono), chunk_samples)


def read(
    source: Source,
    *,
    sample_rate: int = 16000,
    channel: int | None = None,
    offset_s: float = 0.0,
    duration_s: float | None = None,
) -> NDArray[np.float32]:
    """Returns a recording, or a cut of it, in one array.

    Args:
        source: as in `iter_chunks`.
        sample_rate: of the result, in Hz.
        channel: which channel, from 0; None mixes all down with equal weights.
        offset_s: where to start, in seconds.
        duration_s: how much to read, in seconds; None reads to the end.

    Returns:
        float32 (n,), full scale at ±1.0. n is the cut's length times the ratio of the rates, rounded half up.

    Raises:
        AudioError: as in `iter_chunks`.
        ConfigError: as in `iter_chunks`.
    """
    chunks = iter_chunks(
        source,
        sample_rate=sample_rate,
        channel=channel,
        chunk_samples=1 << 17,
        offset_s=offset_s,
        duration_s=duration_s,
    )
    return np.concatenate([np.zeros(0, np.float32), *chunks])


def iter_raw_chunks(
    stream: BinaryIO,
    raw: RawFormat,
    *,
    sample_rate: int = 16000,
    channel: int | None = None,
    chunk_samples: int = CHUNK_SAMPLES,
) -> Iterator[NDArray[np.float32]]:
    """Yields headerless samples from a stream in mono chunks, as soon as they arrive.

    Args:
        stream: binary, such as ``sys.stdin.buffer``.
        raw: what its bytes mean.
        sample_rate: of the chunks, in Hz, 8000 to 192000.
        channel: which channel, from 0; None mixes all down with equal weights.
        chunk_samples: samples per chunk; the last may be shorter.

    Yields:
        float32 arrays (n,), full scale at ±1.0.

    Raises:
        AudioError: when the stream is empty, ends inside a sample, holds NaN or infinity, or lacks the channel.
        ConfigError: when `sample_rate` or `chunk_samples` is out of range.
    """
    check_rate(sample_rate, "sample_rate")
    if chunk_samples < 1:
        raise ConfigError(f"chunk_samples must be at least 1; received {chunk_samples}")
    name = str(getattr(stream, "name", "<stream>"))
    mono = _to_finite_mono(map(to_float, raw_blocks(stream, raw, name)), channel, name, 0)
    return rechunk(Resampler(raw.sample_rate, sample_rate).apply(mono), chunk_samples)


def _to_finite_mono(
    blocks: Iterable[NDArray[np.float32]], channel: int | None, name: str, position: int
) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        try:
            mono = to_mono(block, channel)
        except AudioError as error:
            raise AudioError(f"{name}: {error}") from None
        finite = np.isfinite(mono)
        if not finite.all():
            first = int(np.argmin(finite))
            raise AudioError(
                f"{name}: sample {position + first} is {mono[first]}; samples must be finite, write the file anew "
                "without NaN and infinity"
            )
        position += len(block)
        yield mono
