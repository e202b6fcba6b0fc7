"""Windows out of chunks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vad.peers.engine import WindowedStream, runs
from vad.segments import Timeline


class _Recorder(WindowedStream):
    """Takes the first sample of each window as its value and keeps the windows."""

    def __init__(self) -> None:
        super().__init__(10)
        self.windows: list[list[float]] = []

    def score(self, window: np.ndarray) -> float:
        self.windows.append(window.tolist())
        return float(window[0])

    def segment(self, values: np.ndarray, n_samples: int) -> Timeline:
        return runs(values > 0, 10, n_samples)


@given(st.lists(st.integers(0, 35), max_size=8))
def test_chunks_do_not_matter_and_the_last_window_is_filled_with_zeros(sizes: list[int]) -> None:
    samples = np.arange(1, sum(sizes) + 1, dtype=np.float32)
    stream = _Recorder()
    for chunk in np.split(samples, np.cumsum(sizes)[:-1]) if sizes else []:
        stream.push(chunk)
    output = stream.finish()
    padded = np.concatenate([samples, np.zeros(-samples.size % 10, np.float32)])
    assert stream.windows == padded.reshape(-1, 10).tolist()
    assert output.times.tolist() == [(10 * i + 5) / 16000 for i in range(padded.size // 10)]
    assert output.speech == Timeline.from_pairs([(0, samples.size / 16000)] if samples.size else [])


def test_runs_are_cut_at_the_end() -> None:
    flags = np.array([True, False, True, True])
    assert runs(flags, 160, 600).to_pairs() == [(0.0, 0.01), (0.02, 0.0375)]
    assert len(runs(np.zeros(0, bool), 160, 0)) == 0
