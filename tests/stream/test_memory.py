"""Laws of the audio memory: what was not forgotten is there, and nothing else is held."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.stream.memory import AudioMemory


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60)), max_size=12), st.integers(0, 300))
def test_it_holds_what_was_not_forgotten(steps, at):
    memory, n = AudioMemory(), 0
    for size, back in steps:
        memory.push(np.arange(n, n + size, dtype=np.float32))
        n += size
        memory.forget(n - back)
        assert memory.n_held <= n
    if steps and n:
        first = n - memory.n_held
        start = max(first, at)
        np.testing.assert_array_equal(memory.cut(start), np.arange(min(start, n), n, dtype=np.float32))
        np.testing.assert_array_equal(memory.cut(first, first + 3), np.arange(first, min(n, first + 3)))


def test_what_is_pushed_may_be_written_over():
    memory, buffer = AudioMemory(), np.ones(4, np.float32)
    memory.push(buffer)
    buffer[:] = 7
    assert memory.cut(0).tolist() == [1, 1, 1, 1]


def test_a_few_samples_keep_no_large_chunk_alive():
    memory = AudioMemory()
    memory.push(np.zeros(100000, np.float32))
    memory.forget(99990)
    assert (memory.n_held, memory._parts[0].base) == (10, None)
