"""Posteriors in files, frame by frame, written while they are found: NumPy (.npy) or a table (.csv)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError, did_you_mean
from vad.files import replacing
from vad.frames import FrameGrid

POSTERIOR_FORMATS = ("npy", "csv")
"""Names of the formats, which are also the suffixes of their files."""


class PosteriorWriter:
    """Takes the posteriors of one recording; made by `write_posteriors`."""

    def __init__(self, file: BinaryIO, kind: str, grid: FrameGrid) -> None:
        self._file, self._kind, self._grid = file, kind, grid
        self._n_frames = 0
        self._write_head()

    def write(self, posteriors: NDArray[np.float32]) -> None:
        """Adds the posteriors of the next frames, float32 ``(n,)``."""
        if self._kind == "npy":
            self._file.write(posteriors.astype("<f4", copy=False).tobytes())
        else:
            times = self._grid.times(len(posteriors), self._n_frames).tolist()
            rows = zip(times, posteriors.tolist(), strict=True)
            self._file.write("".join(f"{time:.6f},{value:.9g}\n" for time, value in rows).encode())
        self._n_frames += len(posteriors)

    def finish(self) -> None:
        """Says at the file's start how many there are."""
        if self._kind == "npy":
            self._file.seek(0)
            self._write_head()

    def _write_head(self) -> None:
        if self._kind == "csv":
            self._file.write(b"time,posterior\n")
            return
        # NumPy leaves room in the header for the array to grow, so that it is as long for any number of frames.
        head = {"descr": "<f4", "fortran_order": False, "shape": (self._n_frames,)}
        write_header: Callable[..., None] = np.lib.format.write_array_header_1_0
        write_header(self._file, head)


@contextlib.contextmanager
def write_posteriors(path: Path, grid: FrameGrid, *, format: str | None = None) -> Iterator[PosteriorWriter]:
    """Writes the posteriors of a recording to a file, which appears once the ``with`` block ends well.

    A NumPy file holds float32 ``(frames,)``, frame t being centred on ``grid.centre(t) / grid.sample_rate`` seconds. A
    table has the columns time, which is that centre, and posterior, with nine digits, which give the same float32 back.

    Args:
        path: the file to write or replace.
        grid: where the frames lie.
        format: ``npy`` or ``csv``; None goes by the suffix.

    Raises:
        ConfigError: when the format is neither.

    Example:
        >>> with write_posteriors(Path("a.npy"), FrameGrid()) as writer:  # doctest: +SKIP
        ...     writer.write(posteriors)
    """
    kind = path.suffix.lower().lstrip(".") if format is None else format
    if kind not in POSTERIOR_FORMATS:
        raise ConfigError(
            f"{path}: posteriors are written as {' or '.join(POSTERIOR_FORMATS)}; received {kind!r}"
            f"{did_you_mean(kind, POSTERIOR_FORMATS)}: name the format"
        )
    with replacing(path) as temporary, temporary.open("wb") as file:
        writer = PosteriorWriter(file, kind, grid)
        yield writer
        writer.finish()
