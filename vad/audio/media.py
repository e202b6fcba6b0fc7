"""Recordings that libsndfile does not know, such as MP4 and WebM: the first audio track, decoded by ffmpeg (PyAV)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from vad.audio.decode import Encoding, Recording
from vad.audio.raw import BLOCK_VALUES, to_float, truncated
from vad.errors import AudioError, extra_line

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

MEDIA_SUFFIXES = frozenset(
    (
        *(".3gp", ".aac", ".ac3", ".amr", ".ape", ".avi", ".flv", ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov"),
        *(".mp2", ".mp4", ".mpeg", ".mpg", ".tta", ".weba", ".webm", ".wma", ".wmv", ".wv"),
    )
)
"""Suffixes, in lower case, of recordings that are likely to need ffmpeg."""

# ffmpeg's sample formats: what libsndfile calls them, and what takes their samples to the types of `Encoding.dtype`.
_SUBTYPES = {"u8": "PCM_U8", "s16": "PCM_16", "s32": "PCM_32", "flt": "FLOAT", "dbl": "DOUBLE"}
# The length that MP4 states covers the encoder's padding or leaves it out, as its writer pleased.
_TOLERANCE_S = 0.5


class Media(Recording):
    """The first audio track of anything that ffmpeg reads. Time begins with the first sample of that track.

    Args:
        name: for messages.
        stream: the audio stream of an opened container.
        frames: its decoded frames, at least one.
    """

    def __init__(self, name: str, stream: Any, frames: Iterator[AudioFrame]) -> None:
        self._frames = frames
        self._first = next(frames)
        super().__init__(name, self._first.sample_rate, len(self._first.layout.channels))
        self.encoding = Encoding("WAV", _SUBTYPES[self._first.format.name.removesuffix("p")])
        self._format = f"{stream.container.format.name.split(',')[0]} {stream.codec_context.name}".upper()
        # Other containers state lengths of which some are guesses.
        is_stated = "mp4" in stream.container.format.name and stream.duration is not None
        self._stated_s = float(stream.duration * stream.time_base) if is_stated else None

    @property
    def format(self) -> str:
        """Container and codec, as ffmpeg names them."""
        return self._format

    def _begin(self, start: int) -> int:
        return 0

    def _decode(self, n_samples: int | None, dtype: str) -> Iterator[NDArray[Any]]:
        held: list[NDArray[Any]] = []
        position = n_held = 0
        block_samples = max(1, BLOCK_VALUES // self.channels)
        for samples in self._samples():
            held.append(samples if dtype == self.encoding.dtype else to_float(samples))
            position += len(samples)
            n_held += len(samples)
            if n_held >= block_samples:
                yield np.concatenate(held)
                held, n_held = [], 0
            if n_samples is not None and position >= n_samples:
                break
        if held:
            yield np.concatenate(held)
        if n_samples is None:
            self._check_whole(position)

    def _samples(self) -> Iterator[NDArray[Any]]:
        first, position = self._first, 0
        yield self._to_array(first)
        while True:
            position += first.samples
            with _decoder_errors(self.name, position):
                frame = next(self._frames, None)
            if frame is None:
                return
            if (frame.sample_rate, frame.layout.name) != (self.sample_rate, self._first.layout.name):
                raise AudioError(
                    f"{self.name}: after sample {position} the track goes on with {frame.sample_rate} Hz, "
                    f"{frame.layout.name}, having begun with {self.sample_rate} Hz, {self._first.layout.name}; "
                    "convert it to one format first"
                )
            first = frame
            yield self._to_array(frame)

    def _to_array(self, frame: AudioFrame) -> NDArray[Any]:
        """Returns the samples of a frame, (n, channels)."""
        array = frame.to_ndarray()
        array = array.T if frame.format.is_planar else array.reshape(-1, self.channels)
        if array.dtype == np.uint8:
            return (array.astype(np.int16) - 128) * np.int16(256)
        return array

    def _check_whole(self, n_samples: int) -> None:
        if self._stated_s is not None and n_samples / self.sample_rate < self._stated_s - _TOLERANCE_S:
            raise AudioError(truncated(self.name, round(self._stated_s * self.sample_rate), n_samples))


@contextlib.contextmanager
def open_media(stream: BinaryIO, name: str, said: str) -> Iterator[Media]:
    """Opens a recording with ffmpeg, for the length of a ``with`` block.

    Args:
        stream: binary, at its start, able to seek; it is left open.
        name: of the recording, for messages.
        said: what libsndfile said of it.

    Raises:
        AudioError: when ffmpeg cannot read it either, it holds no audio, or PyAV is not installed, with the line that
            installs it.
    """
    try:
        import av
    except ImportError:
        raise AudioError(
            f"{name}: not a recording that can be read ({said}); WAV, FLAC, Ogg, Opus, MP3 and AIFF are, and with "
            f"PyAV whatever ffmpeg reads: {extra_line('media')}"
        ) from None
    with contextlib.ExitStack() as stack:
        try:
            # A playlist must not make the decoder fetch what it names.
            container: Any = stack.enter_context(av.open(stream, options={"protocol_whitelist": "file"}))
        except (av.FFmpegError, ValueError) as error:
            raise AudioError(
                f"{name}: not a recording that can be read (libsndfile: {said}; ffmpeg: {_said(error)})"
            ) from None
        if not container.streams.audio:
            raise AudioError(f"{name}: holds no audio ({container.format.long_name})")
        track = container.streams.audio[0]
        with _decoder_errors(name, 0):
            try:
                media = Media(name, track, container.decode(track))
            except StopIteration:
                raise AudioError(f"{name}: holds no samples") from None
        yield media


@contextlib.contextmanager
def _decoder_errors(name: str, position: int) -> Iterator[None]:
    """Turns what ffmpeg raises while decoding into one line that names the recording."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        raise AudioError(
            f"{name}: damaged or truncated: decoding stops after sample {position} ({_said(error)})"
        ) from None


def _said(error: Exception) -> str:
    """Returns what ffmpeg said, such as "Invalid data found when processing input"."""
    return str(getattr(error, "strerror", None) or error)
