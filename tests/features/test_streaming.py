"""Laws of the streaming front-end beyond parity."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.errors import NonFiniteError
from vad.features.spec import FeatureSpec
from vad.features.streaming import StreamingLogMel

SPEC = FeatureSpec()
AUDIO = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 1500), max_size=12))
def test_any_chunking_gives_the_same_frames(sizes: list[int]) -> None:
    edges = [0, *np.minimum(np.cumsum(sizes), len(AUDIO)).tolist(), len(AUDIO)]
    stream = StreamingLogMel(SPEC)
    frames = [stream.push(AUDIO[a:b]) for a, b in itertools.pairwise(edges)]
    np.testing.assert_allclose(np.concatenate(frames), StreamingLogMel(SPEC).push(AUDIO), atol=1e-5)


def test_reset_starts_a_new_recording() -> None:
    stream = StreamingLogMel(SPEC)
    stream.push(AUDIO[:3000])
    stream.reset()
    np.testing.assert_array_equal(stream.push(AUDIO), StreamingLogMel(SPEC).push(AUDIO))


def test_a_refused_chunk_changes_nothing() -> None:
    stream = StreamingLogMel(SPEC)
    stream.push(AUDIO[:700])
    with pytest.raises(NonFiniteError):
        stream.push(np.full(400, np.nan, np.float32))
    expected = StreamingLogMel(SPEC).push(AUDIO)[2:]
    np.testing.assert_allclose(stream.push(AUDIO[700:]), expected, atol=1e-5)
