"""Laws of codecs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from vad.data.codecs import TELEPHONE, WIDEBAND, Codec, through_codec

RATE = 16000


@pytest.mark.parametrize("codec", [*TELEPHONE, *WIDEBAND], ids=lambda codec: f"{codec.container}-{codec.subtype}")
def test_a_codec_keeps_length_time_and_most_of_the_signal(codec: Codec) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 20_001)
    low = sosfilt(butter(6, 2500, fs=RATE, output="sos"), noise).astype(np.float32)
    heard = through_codec(low, RATE, codec, compression=0.3)
    assert heard.dtype == np.float32 and heard.shape == low.shape
    match = np.fft.irfft(np.fft.rfft(heard, 65536) * np.conj(np.fft.rfft(low, 65536)))
    assert abs((int(np.argmax(match)) + 32768) % 65536 - 32768) <= 2
    assert np.corrcoef(low, heard)[0, 1] > 0.7
    assert not np.array_equal(low, heard)


def test_what_exceeds_full_scale_is_clipped() -> None:
    loud = np.full(8000, 3.0, np.float32)
    assert np.max(np.abs(through_codec(loud, RATE, Codec("WAV", "ULAW")))) <= 1
