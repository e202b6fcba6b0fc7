"""Mel bands in groups that have a name."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.features.spec import FeatureSpec
from vad.features.tables import mel_matrix

__all__ = ["band_groups", "named_bands"]

_EDGES_HZ: Final = (0.0, 300.0, 1000.0, 2500.0, 4000.0, np.inf)


def band_groups(spec: FeatureSpec) -> list[tuple[str, NDArray[np.bool_]]]:
    """Returns groups of mel bands by frequency: their names, and which bands they hold, bool ``(n_mels,)``."""
    weights = mel_matrix(spec).astype(np.float64)
    hertz = np.arange(len(weights)) * spec.sample_rate / spec.win_length
    centres = hertz @ weights / np.maximum(weights.sum(axis=0), 1e-12)
    groups = []
    for low, high in itertools.pairwise(_EDGES_HZ):
        bands = (centres >= low) & (centres < high)
        name = f"{low:g} to {high:g} Hz"
        name = f"below {high:g} Hz" if low == 0 else f"above {low:g} Hz" if high == np.inf else name
        if bands.any():
            groups.append((name, bands))
    return groups


def named_bands(name: str) -> str:
    """Returns where a group lies: "at 300 to 1000 Hz"."""
    return name if name.startswith(("below", "above")) else f"at {name}"
