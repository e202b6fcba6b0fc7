"""Laws of the blocks: together they are the matrix, and smaller."""

from __future__ import annotations

import numpy as np
import pytest

from vad.features.blocks import mel_blocks
from vad.features.spec import FeatureSpec
from vad.features.tables import mel_matrix


def whole(placed: np.ndarray) -> np.ndarray:
    rows, columns, _ = placed.shape
    parts = []
    for block in mel_blocks(placed):
        part = np.zeros((rows, columns, block.weights.shape[1]), np.float32)
        part[:, block.columns] = block.weights.reshape(rows, -1, block.weights.shape[1])
        parts.append(part)
    return np.concatenate(parts, axis=2)


@pytest.mark.parametrize("rows", [1, 4])
def test_blocks_are_the_matrix(rows):
    placed = np.tile(mel_matrix(FeatureSpec()), (rows, 1, 1))
    np.testing.assert_array_equal(whole(placed), placed)


def test_bands_that_hear_nothing_stay():
    placed = np.zeros((2, 5, 3), np.float32)
    placed[1, 4, 2] = 1.0
    np.testing.assert_array_equal(whole(placed), placed)


def test_blocks_are_smaller_than_the_matrix():
    matrix = mel_matrix(FeatureSpec())
    assert sum(block.weights.size for block in mel_blocks(matrix[np.newaxis])) < matrix.size / 3
