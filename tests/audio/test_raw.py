"""Headerless samples: every encoding means what libsndfile means by it."""

import io

import numpy as np
import pytest
import soundfile

from vad.audio import ENCODINGS, RawFormat, iter_raw_chunks
from vad.audio.raw import decode, to_float
from vad.errors import AudioError, ConfigError

SUBTYPES = {"s8": "PCM_S8", "u8": "PCM_U8", "mulaw": "ULAW", "alaw": "ALAW", "f32": "FLOAT", "f64": "DOUBLE"}
SUBTYPES |= {"s16": "PCM_16", "s24": "PCM_24", "s32": "PCM_32"}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_samples_are_those_of_libsndfile(encoding):
    if encoding[0] == "f":
        samples = np.random.default_rng(0).normal(size=(500, 2))
        data = samples.astype(("<" if encoding.endswith("le") else ">") + f"f{ENCODINGS[encoding]}").tobytes()
    else:
        data = np.random.default_rng(0).integers(0, 256, 500 * 2 * ENCODINGS[encoding], np.uint8).tobytes()
        if ENCODINGS[encoding] == 1:
            data = bytes(range(256)) * 4
    expected, _ = soundfile.read(
        io.BytesIO(data),
        format="RAW",
        samplerate=16000,
        channels=2,
        subtype=SUBTYPES[encoding.removesuffix("le").removesuffix("be")],
        endian="BIG" if encoding.endswith("be") else "LITTLE",
        dtype="float32",
        always_2d=True,
    )
    found = to_float(decode(data, RawFormat(16000, encoding, 2)))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_wrong_format_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"received 's16e' \(did you mean 's16[lb]e'\?\)"):
        RawFormat(encoding="s16e")
    with pytest.raises(ConfigError, match="channels"):
        RawFormat(channels=0)
    with pytest.raises(ConfigError, match="8000 to 192000 Hz; received 1000"):
        RawFormat(1000)


def test_streams_that_end_badly_are_refused():
    with pytest.raises(AudioError, match="<stream>: holds no samples"):
        list(iter_raw_chunks(io.BytesIO(), RawFormat()))
    with pytest.raises(AudioError, match="ends inside a sample: 3 bytes of 4 after 10 samples"):
        list(iter_raw_chunks(io.BytesIO(bytes(43)), RawFormat(channels=2)))


def test_what_has_arrived_is_handed_on_before_more_is_asked_for():
    class Live(io.RawIOBase):
        asked = 0

        def read1(self, _):
            self.asked += 1
            return bytes(320)

    live = Live()
    chunks = iter_raw_chunks(live, RawFormat(), chunk_samples=160)
    for n in (1, 2, 3):
        assert len(next(chunks)) == 160
        assert live.asked == n
