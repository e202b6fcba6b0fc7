"""Opening recordings: files, pipes and streams, by libsndfile or by ffmpeg."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from vad.audio.decode import Headerless, NotDecodable, Recording, open_decoder
from vad.audio.endings import check_ogg, stated_mp3_samples
from vad.audio.media import open_media
from vad.audio.raw import RawFormat, truncated
from vad.audio.riff import is_wav, read_wav_header
from vad.errors import AudioError


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a recording's header says.

    Args:
        sample_rate: in Hz.
        channels: how many.
        n_samples: samples per channel. Of an MP3 without a length in its header it is an estimate.
        duration_s: `n_samples` in seconds.
        format: container and encoding, such as ``"WAV PCM_16"``.
    """

    sample_rate: int
    channels: int
    n_samples: int
    duration_s: float
    format: str


@contextlib.contextmanager
def open_recording(
    source: str | os.PathLike[str] | BinaryIO, raw: RawFormat | None = None, *, name: str | None = None
) -> Iterator[Recording]:
    """Opens a recording for the length of a ``with`` block.

    Args:
        source: a path, or a binary stream opened at its start, which is left open.
        raw: what its bytes mean, where it has no header.
        name: of the recording, for messages; None is the path, or what the stream calls itself.

    Raises:
        AudioError: naming the recording and what is wrong with it.
    """
    with contextlib.ExitStack() as stack:
        path = None
        if isinstance(source, str | os.PathLike):
            name = os.fspath(source) if name is None else name
            if Path(source).is_dir():
                raise AudioError(f"{name}: a directory, not a recording")
            try:
                stream: BinaryIO = stack.enter_context(Path(source).open("rb"))
            except OSError as error:
                raise AudioError(f"{name}: cannot be opened: {error.strerror}") from None
            path = os.fspath(source) if stream.seekable() else None
        else:
            name, stream = str(getattr(source, "name", "<stream>")) if name is None else name, source
        if raw is not None:
            yield Headerless(name, stream, raw, None)
        else:
            yield _open_stream(stream, name, stack, path)


def read_info(path: str | os.PathLike[str]) -> AudioInfo:
    """Returns what the header of a recording says; it is decoded only where that leaves the length open.

    Raises:
        AudioError: when it is missing, empty, not audio or truncated.
    """
    with open_recording(path) as recording:
        n_samples = recording.n_samples
        if n_samples is None:
            n_samples = sum(len(block) for block in recording.blocks())
        if n_samples == 0:
            raise AudioError(f"{recording.name}: holds no samples")
        rate = recording.sample_rate
        return AudioInfo(rate, recording.channels, n_samples, n_samples / rate, recording.format)


class _Witnessed:
    """A stream whose bytes are kept as they are read, for a second reading from the start."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seen = b""

    def read(self, n_bytes: int) -> bytes:
        data = self._stream.read(n_bytes)
        self.seen += data
        return data


def _open_stream(stream: BinaryIO, name: str, stack: contextlib.ExitStack, path: str | None = None) -> Recording:
    """Opens a stream, through libsndfile or as plain WAV samples; `path` lets libsndfile open the file itself."""
    witnessed: Any = _Witnessed(stream)
    head = b""
    while len(head) < 12 and (part := witnessed.read(12 - len(head))):
        head += part
    if not head:
        raise AudioError(f"{name}: empty, 0 bytes")
    if is_wav(head):
        header = read_wav_header(head, witnessed, name)
        raw = header.to_raw(name)
        seekable = stream.seekable()
        if seekable and header.data_bytes is not None:
            _check_whole(stream, name, header.data_start, header.data_bytes, header.block_align)
        elif raw is not None:
            return Headerless(name, stream, raw, header.n_samples)
    if stream.seekable():
        stream.seek(0)
        return _open_decoded(stream, name, stack, path)
    spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # the caller's stack closes it
    spool.write(witnessed.seen)
    shutil.copyfileobj(stream, spool)
    spool.seek(0)
    return _open_decoded(spool, name, stack)


def _open_decoded(stream: Any, name: str, stack: contextlib.ExitStack, path: str | None = None) -> Recording:
    check_ogg(stream, name)
    try:
        decoder = stack.enter_context(open_decoder(stream if path is None else path, name))
    except NotDecodable as error:
        stream.seek(0)
        return stack.enter_context(open_media(stream, name, str(error)))
    if decoder.encoding.container == "MP3":
        decoder.promise(stated_mp3_samples(stream))
    return decoder


def _check_whole(stream: BinaryIO, name: str, data_start: int, data_bytes: int, block_align: int) -> None:
    found = stream.seek(0, io.SEEK_END) - data_start
    if found < data_bytes:
        width = max(1, block_align)
        raise AudioError(truncated(name, data_bytes // width, found // width))
