"""Mel power as products with small constant matrices, for runtimes that have no Fourier transform.

Cooley and Tukey's step once: a transform of ``N = rows·columns`` samples is a transform over the rows of the samples
written as a matrix, a turn of each result, and a transform over the columns. For 512 samples that is 32 by 16: 2,700
constants instead of the 263,000 of the plain matrix, a twentieth of the products, and smaller rounding errors. The mel
matrix stands in blocks: see `vad.features.blocks`.

References:
    Cooley, Tukey (1965): An algorithm for the machine calculation of complex Fourier series. Math. of Comp. 19.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vad.features.blocks import MelBlock, mel_blocks
from vad.features.spec import FeatureSpec
from vad.features.tables import mel_matrix


@dataclass(frozen=True, eq=False)
class DftTables:
    """The constants: sample ``columns·r + c`` stands in row r and column c, bin ``k + rows·m`` in residue k.

    Of the residues 0 … rows - 1 only the first half is computed: the samples are real, so bin ``N - b`` has the power
    of bin b. The places m lie in the order 0, columns - 1, 1, columns - 2, …, so that those of neighbouring bins and of
    their mirror images lie together.

    Args:
        rows: of the samples written as a matrix.
        columns: of the same.
        residues: how many residues are computed, ``rows // 2 + 1``.
        over_rows: float32 ``(rows, 2·residues)``: cosines, then sines.
        turn_real: float32 ``(residues, columns)``.
        turn_imaginary: float32 ``(residues, columns)``.
        over_columns: float32 ``(2·columns, 2·columns)``: from real and imaginary parts to the same, places in order.
        mel: the mel matrix: all bands from low to high, in blocks.
    """

    rows: int
    columns: int
    residues: int
    over_rows: NDArray[np.float32]
    turn_real: NDArray[np.float32]
    turn_imaginary: NDArray[np.float32]
    over_columns: NDArray[np.float32]
    mel: tuple[MelBlock, ...]


def dft_tables(spec: FeatureSpec) -> DftTables:
    """Returns the constants of the transform of a window of a front-end."""
    size = spec.win_length
    rows = min((r for r in range(1, size + 1) if size % r == 0), key=lambda r: _constants(r, size // r))
    columns, residues = size // rows, rows // 2 + 1
    first = _turns(rows)[:, :residues]
    turn = np.exp(-2j * np.pi * np.outer(np.arange(residues), np.arange(columns)) / size)
    places = sorted(range(columns), key=lambda m: (min(m, columns - 1 - m), m))
    last = _turns(columns)[:, places]
    return DftTables(
        rows=rows,
        columns=columns,
        residues=residues,
        over_rows=np.concatenate([first.real, first.imag], axis=1).astype(np.float32),
        turn_real=turn.real.astype(np.float32),
        turn_imaginary=turn.imag.astype(np.float32),
        over_columns=np.block([[last.real, last.imag], [-last.imag, last.real]]).astype(np.float32),
        mel=mel_blocks(_placed_mel(spec, rows, residues)[:, places]),
    )


def _constants(rows: int, columns: int) -> int:
    residues = rows // 2 + 1
    return 2 * residues * (rows + columns) + 4 * columns**2


def _turns(size: int) -> NDArray[np.complex128]:
    turns: NDArray[np.complex128] = np.exp(-2j * np.pi * np.outer(np.arange(size), np.arange(size)) / size)
    return turns


def _placed_mel(spec: FeatureSpec, rows: int, residues: int) -> NDArray[np.float32]:
    """Puts each bin where it, or its mirror image, is computed: ``(residues, columns, n_mels)``, the rest zeros."""
    placed = np.zeros((residues, spec.win_length // rows, spec.n_mels), np.float32)
    for bin_, weights in enumerate(mel_matrix(spec)):
        computed = bin_ if bin_ % rows < residues else spec.win_length - bin_
        placed[computed % rows, computed // rows] = weights
    return placed
