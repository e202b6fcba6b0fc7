"""The sound of a page: encoded in memory as something that browsers play."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import soundfile

from vad.audio import iter_chunks
from vad.pictures.view import Source, View

__all__ = ["LIMIT_S", "Sound", "encode"]

LIMIT_S: Final = 3600.0
"""Longest sound that is put into a page, seconds; Vorbis needs some 20 MB for it."""
_LOSSLESS_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Sound:
    """An encoded sound.

    Args:
        media_type: as a browser names it.
        data: the bytes of the file.
    """

    media_type: str
    data: bytes


def encode(source: Source, view: View) -> Sound | None:
    """Encodes the part of a recording that a view shows, mono at the rate the detector hears.

    FLAC up to five minutes, Vorbis beyond; both keep the time of every sample. Opus would be a third smaller, and
    takes twelve times as long to encode; MP3 starts late.

    Returns:
        The sound; None when the part is longer than `LIMIT_S`.

    Raises:
        AudioError: when the recording cannot be read.
    """
    length_s = view.end_s - view.start_s
    if length_s > LIMIT_S:
        return None
    rate = view.grid.sample_rate
    lossless = length_s <= _LOSSLESS_S
    kind = {"format": "FLAC", "subtype": "PCM_16"} if lossless else {"format": "OGG", "subtype": "VORBIS"}
    encoded = io.BytesIO()
    with soundfile.SoundFile(encoded, "w", samplerate=rate, channels=1, **kind) as sink:
        for chunk in iter_chunks(
            source.path,
            sample_rate=rate,
            channel=source.channel,
            chunk_samples=rate,
            offset_s=source.offset_s + view.start_s,
            duration_s=length_s,
        ):
            sink.write(chunk)
    return Sound("audio/flac" if lossless else "audio/ogg; codecs=vorbis", encoded.getvalue())
