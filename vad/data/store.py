"""Audio decoded once: mixing reads the same recordings over and over, in small pieces.

Seeking in a compressed file costs more than all the mixing. Every file is decoded the first time a piece of it is
wanted, and kept as 16-bit samples in a cache folder (115 MB an hour); pieces are then plain reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from vad import audio
from vad.data.corpus import SourceClip
from vad.data.reach import check_reach
from vad.errors import AudioError
from vad.files import replacing
from vad.frames import seconds_to_samples

Decoder = Callable[[Path], tuple[NDArray[np.float32], int] | None]


class AudioStore:
    """Reads pieces of clips.

    Several processes may share a folder: a file appears whole or not at all.

    Args:
        folder: of the decoded audio; made when absent, and safe to delete at any time.
        sample_rate: of what is read, in Hz.
        decode: tried first: from a file to float32 (n, channels) and its rate in Hz, or None for a format that it
            leaves to the package's own decoder.
    """

    def __init__(self, folder: Path, sample_rate: int, *, decode: Decoder | None = None) -> None:
        self.sample_rate = sample_rate
        self._decoder = decode
        self._folder = folder
        self._decoded: dict[Path, Path] = {}

    def read(self, clip: SourceClip, *, start_s: float = 0.0, duration_s: float | None = None) -> NDArray[np.float32]:
        """Reads a clip or a part of it.

        Args:
            clip: what to read.
            start_s: first second of the clip to read.
            duration_s: how much to read; None, or more than the clip has, reads to its end.

        Returns:
            float32 (n,) in [-1, 1), multiples of 1/32768.

        Raises:
            AudioError: when the file cannot be read, or ends before the clip does.
        """
        left = clip.duration_s - start_s
        length = left if duration_s is None else min(left, duration_s)
        first = seconds_to_samples(clip.offset_s + start_s, self.sample_rate)
        count = max(0, seconds_to_samples(length, self.sample_rate))
        try:
            stored = self._stored(clip.path, first, count)
        except FileNotFoundError:
            # The folder may be deleted at any time.
            self._decoded.pop(clip.path, None)
            stored = self._stored(clip.path, first, count)
        return stored.astype(np.float32) / np.float32(32768)

    def _stored(self, path: Path, first: int, count: int) -> NDArray[np.int16]:
        decoded = self._decode(path)
        stored = np.fromfile(decoded, "<i2", count=count, offset=2 * first)
        if len(stored) < count:
            # Fewer samples under the same labels would teach that silence is speech.
            end = decoded.stat().st_size // 2
            check_reach(path, *(n / self.sample_rate for n in (first, first + count, end)))
        return stored

    def _decode(self, path: Path) -> Path:
        """Returns the decoded copy of a file, making it where there is none."""
        known = self._decoded.get(path)
        if known is not None:
            return known
        try:
            info = path.stat()
        except OSError as error:
            raise AudioError(f"{path}: cannot be opened: {error.strerror}") from None
        # A file that was replaced under its name must not be mixed from its old copy.
        version = f"{path.resolve()}|{info.st_size}|{info.st_mtime_ns}|{self.sample_rate}"
        decoded = self._folder / f"{hashlib.sha256(version.encode()).hexdigest()[:32]}.i16"
        if not decoded.is_file():
            with replacing(decoded) as temporary, temporary.open("wb") as stream:
                for chunk in self._chunks(path):
                    stream.write(np.clip(np.rint(chunk * 32768), -32768, 32767).astype("<i2").tobytes())
        self._decoded[path] = decoded
        return decoded

    def _chunks(self, path: Path) -> Iterator[NDArray[np.float32]]:
        found = None if self._decoder is None else self._decoder(path)
        if found is None:
            return audio.iter_chunks(path, sample_rate=self.sample_rate)
        samples, rate = found
        return iter([soxr.resample(samples.mean(axis=1), rate, self.sample_rate)])
