"""What a stream tells as it happens.

All times are seconds from the start of the recording. `known` is the time of the last sample that had to be heard for
the event to be certain: no chunk size makes it earlier, and a chunk makes it later only by what it holds beyond.

When each event is known, with the model's look-ahead and half a window (51 ms together for look-ahead 4) on top:

* `SpeechStart`: `min_speech_s` after the onset (at least one frame), and not before a posterior of
  `confirm_threshold`, for which speech waits for 10 s at most. Where a limit may forbid to merge with the
  segment before, and the pads reach it, only once that is decided; pads that fit into `min_silence_s` never do.
* `SpeechEnd`: `hangover_s` and then the longer of `min_silence_s` and `pad_start_s + pad_end_s + merge_gap_s` after
  the end of speech; at the limit, as soon as it is exceeded. What begins within reach of the segment and is not sure
  makes it wait as well.
* `Misfire`: `min_silence_s` after speech that was too short or not sure; after 10 s of speech that is not sure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vad.segments import Segment


@dataclass(frozen=True, eq=False, slots=True)
class SpeechStart:
    """Speech has begun, lasted for `min_speech_s`, and reached `confirm_threshold`.

    Args:
        start: of the segment, pad included; final.
        onset: of its speech.
        known: when this was certain.
        audio: float32 ``(n,)`` at the model's rate from `start` up to the last sample that the stream has taken: what
            follows it are the `samples` of the stream's next output. None where the stream keeps no audio.
    """

    start: float
    onset: float
    known: float
    audio: NDArray[np.float32] | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class SpeechEnd:
    """The segment that was last said to have started is over.

    Args:
        start: of the segment, as its `SpeechStart` had it.
        end: of the segment, pad included.
        offset: end of its speech, hangover included.
        known: when this was certain.
        audio: float32 ``(n,)`` at the model's rate, exactly from `start` to `end`; None unless the stream keeps all
            audio of a segment.
    """

    start: float
    end: float
    offset: float
    known: float
    audio: NDArray[np.float32] | None = field(default=None, repr=False)

    @property
    def segment(self) -> Segment:
        """The segment, as `Detector.detect` finds it."""
        return Segment(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Misfire:
    """What began like speech was over before `min_speech_s`, or was not sure; no `SpeechStart` told of it.

    Args:
        start: where it began.
        end: where it ended.
        known: when this was certain.
    """

    start: float
    end: float
    known: float


@dataclass(frozen=True, eq=False, slots=True)
class PosteriorEvent:
    """Posteriors that are new.

    Args:
        times: float64 ``(n,)``, centres of the frames in seconds.
        values: float32 ``(n,)``, in [0, 1].
    """

    times: NDArray[np.float64]
    values: NDArray[np.float32]


Event = SpeechStart | SpeechEnd | Misfire | PosteriorEvent
"""One of what a stream tells."""
