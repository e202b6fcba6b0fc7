"""The arena is where the tensors are: no smaller than what is alive at once, and larger for a larger call."""

from __future__ import annotations

from pathlib import Path

import pytest

from vad.arena import _covered, arena_bytes
from vad.artifact import load_artifact


def test_a_larger_call_has_a_larger_arena(energy_artifact: Path) -> None:
    artifact = load_artifact(energy_artifact)
    small, large = (arena_bytes(artifact, name) for name in ("audio_1", "audio_32"))
    assert small is not None and large is not None
    # The input of a call is alive with what is made of it.
    assert 4 * 512 < small < large
    assert arena_bytes(artifact, "audio_1") == small


@pytest.mark.parametrize(
    ("places", "bytes_covered"),
    [
        ([], 0),
        ([(1 << 40, 64)], 64),
        ([(4096 * 9, 100), (4096 * 9, 10), (4096 * 9 + 64, 100)], 164),
        ([(1 << 20, 100), (1 << 30, 7)], 107),
    ],
)
def test_blocks_that_lie_apart_are_added(places: list[tuple[int, int]], bytes_covered: int) -> None:
    assert _covered(places) == bytes_covered


def test_what_is_no_signature_is_refused(energy_artifact: Path) -> None:
    with pytest.raises(ValueError, match="audio_7"):
        arena_bytes(load_artifact(energy_artifact), "audio_7")
