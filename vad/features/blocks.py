"""The mel matrix in blocks: it is nearly all zeros, and bands that lie together hear only a part of the spectrum.

For 40 bands of 257 bins that is a quarter of the constants and of the products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What a block costs besides its weights, in weights: its operations take room in a file as well.
_BLOCK_COST = 300


@dataclass(frozen=True, eq=False)
class MelBlock:
    """Bands that lie together and what they hear.

    Args:
        columns: the part of the spectrum that any of them hears.
        weights: float32 ``(rows·columns of that part, bands)``.
    """

    columns: slice
    weights: NDArray[np.float32]


def mel_blocks(placed: NDArray[np.float32]) -> tuple[MelBlock, ...]:
    """Cuts bands into the blocks that cost the least together: the best cut before each band, from low to high.

    Args:
        placed: float32 ``(rows, columns, bands)``, the weights of bins that stand in rows and columns.

    Returns:
        Blocks whose bands follow one another.
    """
    rows, _, n_bands = placed.shape
    heard = placed.any(axis=0)
    costs, cuts = [0], [0]
    for end in range(1, n_bands + 1):
        found = [
            costs[start] + _BLOCK_COST + rows * _length(_span(heard[:, start:end])) * (end - start)
            for start in range(end)
        ]
        cuts.append(int(np.argmin(found)))
        costs.append(found[cuts[-1]])
    blocks: list[MelBlock] = []
    end = n_bands
    while end > 0:
        start = cuts[end]
        columns = _span(heard[:, start:end])
        blocks.insert(0, MelBlock(columns, placed[:, columns, start:end].reshape(-1, end - start)))
        end = start
    return tuple(blocks)


def _span(heard: NDArray[np.bool_]) -> slice:
    """Returns the columns from the first to the last that any of some bands hears; the first where none hears any."""
    found = np.flatnonzero(heard.any(axis=1))
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 1)


def _length(span: slice) -> int:
    return int(span.stop - span.start)
