"""One recording as it comes in: chunks of any size go in, posteriors, segments and events come out."""

from __future__ import annotations

from vad.stream.events import Event, Misfire, PosteriorEvent, SpeechEnd, SpeechStart
from vad.stream.stream import KEPT_AUDIO, Stream, StreamOutput, to_float

__all__ = [
    "KEPT_AUDIO",
    "Event",
    "Misfire",
    "PosteriorEvent",
    "SpeechEnd",
    "SpeechStart",
    "Stream",
    "StreamOutput",
    "to_float",
]
