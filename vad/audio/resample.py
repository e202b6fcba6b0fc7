"""One channel, one rate: mixing down, streaming resampling and cutting into equal chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from vad.errors import AudioError, ConfigError

MIN_RATE = 8000
MAX_RATE = 192000


def check_rate(sample_rate: int, where: str) -> None:
    """Checks a sample rate.

    Raises:
        ConfigError: unless it is a whole number from 8000 to 192000 Hz.
    """
    if sample_rate != int(sample_rate) or not MIN_RATE <= sample_rate <= MAX_RATE:
        raise ConfigError(f"{where} must be a whole number from {MIN_RATE} to {MAX_RATE} Hz; received {sample_rate}")


def to_mono(block: NDArray[np.float32], channel: int | None = None) -> NDArray[np.float32]:
    """Returns one channel of a block, or all of them mixed down.

    Args:
        block: float32 (n, channels), or (n,) for a single channel.
        channel: which channel, from 0; None takes the mean of all.

    Returns:
        float32 (n,).

    Raises:
        AudioError: when `channel` is not there; the message gives the range.
    """
    if block.ndim == 1:
        block = block[:, np.newaxis]
    channels = block.shape[1]
    if channel is not None:
        if not 0 <= channel < channels:
            held = "one channel, 0" if channels == 1 else f"{channels} channels, 0 to {channels - 1}"
            raise AudioError(f"channel {channel} is not there; the recording has {held}")
        return np.ascontiguousarray(block[:, channel])
    # Summed channel by channel: NumPy's own order of summation may depend on the length of the block.
    mono = block[:, 0].copy()
    for other in range(1, channels):
        mono += block[:, other]
    if channels > 1:
        mono /= np.float32(channels)
    return mono


class Resampler:
    """Changes the sample rate of a mono stream, chunk by chunk (soxr, high quality).

    Pushing a signal in any cutting and flushing gives the same samples; their number is the input's times
    ``target_rate / source_rate``, rounded half up. The filter looks ahead, so output comes late and `flush`
    brings the rest.

    Args:
        source_rate: Hz of what is pushed, 8000 to 192000.
        target_rate: Hz of what comes out, 8000 to 192000.

    Raises:
        ConfigError: when a rate is out of range.
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        check_rate(source_rate, "source_rate")
        check_rate(target_rate, "target_rate")
        self._rates = (source_rate, target_rate)
        self._stream = self._new_stream()

    def _new_stream(self) -> soxr.ResampleStream | None:
        source_rate, target_rate = self._rates
        if source_rate == target_rate:
            return None
        return soxr.ResampleStream(source_rate, target_rate, 1, dtype="float32", quality="HQ")

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the samples that are ready after adding float32 (n,); possibly none."""
        if self._stream is None:
            return samples
        resampled: NDArray[np.float32] = self._stream.resample_chunk(samples)
        return resampled

    def flush(self) -> NDArray[np.float32]:
        """Returns what is left at the end of the signal; the next `push` starts a new one."""
        rest = np.zeros(0, np.float32)
        if self._stream is not None:
            rest = self._stream.resample_chunk(rest, last=True)
            self._stream = self._new_stream()
        return rest

    def apply(self, chunks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Yields a whole stream resampled, to its end."""
        for chunk in chunks:
            yield self.push(chunk)
        yield self.flush()


def rechunk(blocks: Iterable[NDArray[np.float32]], chunk_samples: int) -> Iterator[NDArray[np.float32]]:
    """Yields a stream of float32 (n,) blocks as chunks of `chunk_samples`; the last may be shorter, none is empty."""
    held: list[NDArray[np.float32]] = []
    n_held = 0
    for block in blocks:
        held.append(block)
        n_held += len(block)
        if n_held < chunk_samples:
            continue
        samples = np.concatenate(held)
        whole = n_held - n_held % chunk_samples
        for start in range(0, whole, chunk_samples):
            yield samples[start : start + chunk_samples]
        # A copy, lest a few samples keep a whole block alive.
        held = [samples[whole:].copy()]
        n_held -= whole
    if n_held:
        yield np.concatenate(held)
