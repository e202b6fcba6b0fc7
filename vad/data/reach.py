"""Whether an audio file is as long as a manifest says: one rule for checking, labelling and mixing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vad.errors import AudioError

ROUNDING_S: Final = 0.01
"""Coders pad and resamplers round: an audio file may end this much before the clip does."""


def falls_short(end_s: float, found_s: float) -> bool:
    """Returns whether a file ends further before a stretch does than rounding explains, both in seconds."""
    return end_s > found_s + ROUNDING_S


def check_reach(path: Path, start_s: float, end_s: float, found_s: float) -> None:
    """Refuses a stretch that the file does not hold.

    Args:
        path: the file.
        start_s: where in it the stretch begins, in seconds.
        end_s: where it ends.
        found_s: where the file itself ends.

    Raises:
        AudioError: nothing of the stretch is there, or it reaches further past the end than `ROUNDING_S`.
    """
    if found_s <= start_s or falls_short(end_s, found_s):
        raise AudioError(
            f"{path}: must reach to {end_s:.6g} s, where the manifest has a clip from {start_s:.6g} s on; "
            f"it ends at {found_s:.6g} s: correct offset_s or duration_s, or fetch the file again"
        )
