"""Mixing down and resampling in a stream."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.audio import Resampler, to_mono
from vad.audio.resample import rechunk
from vad.errors import AudioError, ConfigError

RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000]


@settings(max_examples=60, deadline=None)
@given(
    source=st.sampled_from(RATES),
    target=st.sampled_from([8000, 16000, 48000]),
    n=st.integers(0, 20000),
    cuts=st.lists(st.integers(0, 20000), max_size=6),
)
def test_any_cutting_gives_the_same_samples_and_the_rounded_length(source, target, n, cuts):
    samples = np.random.default_rng(n).normal(0, 0.1, n).astype(np.float32)
    resampler = Resampler(source, target)
    parts = np.split(samples, sorted(min(cut, n) for cut in cuts))
    found = np.concatenate([*map(resampler.push, parts), resampler.flush()])
    assert len(found) == (2 * n * target + source) // (2 * source)
    expected = samples if source == target else soxr.resample(samples, source, target)
    np.testing.assert_array_equal(found, expected)


def test_flushing_starts_anew():
    resampler = Resampler(44100, 16000)
    samples = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    first = np.concatenate([resampler.push(samples), resampler.flush()])
    second = np.concatenate([resampler.push(samples), resampler.flush()])
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("rates", [(7999, 16000), (16000, 192001), (0, 16000), (16000.5, 16000)])
def test_rates_out_of_range_are_refused(rates):
    with pytest.raises(ConfigError, match="8000 to 192000 Hz"):
        Resampler(*rates)


def test_mono_is_the_mean_or_one_channel_whatever_the_block():
    block = np.random.default_rng(0).normal(size=(1000, 5)).astype(np.float32)
    mono = to_mono(block)
    np.testing.assert_allclose(mono, block.mean(axis=1), atol=1e-6)
    np.testing.assert_array_equal(mono, np.concatenate([to_mono(part) for part in np.array_split(block, 37)]))
    np.testing.assert_array_equal(to_mono(block, 3), block[:, 3])
    np.testing.assert_array_equal(to_mono(block[:, 0]), block[:, 0])
    with pytest.raises(AudioError, match="the recording has one channel, 0"):
        to_mono(block[:, 0], 1)


@given(sizes=st.lists(st.integers(0, 50), max_size=20), chunk=st.integers(1, 60))
def test_rechunking_keeps_every_sample(sizes, chunk):
    samples = np.arange(sum(sizes), dtype=np.float32)
    chunks = list(rechunk(np.split(samples, np.cumsum(sizes)[:-1]) if sizes else [], chunk))
    assert all(len(c) == chunk for c in chunks[:-1]) and all(len(c) for c in chunks)
    np.testing.assert_array_equal(np.concatenate([np.zeros(0, np.float32), *chunks]), samples)
