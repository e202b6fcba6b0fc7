"""Lossy codecs in memory, by soundfile: what calls, messengers and archives do to a recording."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec that soundfile writes and reads back.

    Attributes:
        container: soundfile's format.
        subtype: soundfile's subtype.
        sample_rate: the only rate it is used at, in Hz; None keeps the signal's own.
        variable: whether it takes a compression level.
    """

    container: str
    subtype: str
    sample_rate: int | None = None
    variable: bool = False


TELEPHONE = (Codec("WAV", "ULAW", 8000), Codec("WAV", "ALAW", 8000), Codec("WAV", "GSM610", 8000))
WIDEBAND = (
    Codec("MP3", "MPEG_LAYER_III", None, True),
    Codec("OGG", "VORBIS", None, True),
    Codec("WAV", "IMA_ADPCM"),
    Codec("WAV", "ULAW"),
)


def through_codec(
    samples: NDArray[np.float32], sample_rate: int, codec: Codec, *, compression: float = 0.5
) -> NDArray[np.float32]:
    """Encodes a signal and decodes it again.

    Args:
        samples: float32 (n,); what exceeds full scale is clipped, as a file would.
        sample_rate: in Hz.
        codec: which.
        compression: 0 keeps most, 1 is smallest; without effect on codecs of a fixed rate.

    Returns:
        float32 (n,), not delayed.
    """
    rate = sample_rate if codec.sample_rate is None else codec.sample_rate
    sent = samples if rate == sample_rate else soxr.resample(samples, sample_rate, rate, quality="MQ")
    options = {"compression_level": compression} if codec.variable else {}
    stream = io.BytesIO()
    soundfile.write(stream, np.clip(sent, -1, 1), rate, format=codec.container, subtype=codec.subtype, **options)
    stream.seek(0)
    heard, _ = soundfile.read(stream, dtype="float32")
    back = heard if rate == sample_rate else soxr.resample(heard, rate, sample_rate, quality="MQ")
    fitted = np.zeros_like(samples)
    fitted[: len(back)] = back[: len(samples)]
    return fitted
