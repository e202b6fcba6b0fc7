"""From posteriors to speech segments: one online state machine; offline is to feed all and flush.

The rule acts in this order, in whole frames until the pads:

1. Speech begins at the first posterior of at least `onset_threshold`. It ends once more than `hangover_s` of
   consecutive posteriors lie below `offset_threshold`; the hangover itself still counts as speech.
2. Gaps shorter than `min_silence_s` between two stretches of speech are filled.
3. Stretches (gaps filled) shorter than `min_speech_s`, or in which no posterior reaches `confirm_threshold`, are
   dropped. None waits for that posterior for more than 10 s (`CONFIRM_WITHIN_S`): where none has come until then, the
   stretch is given up, and what of its speech goes on, or comes after the gap that is open then, is a new stretch.
4. A stretch that would last longer than `max_speech_s` with its pads is cut at its deepest pause: in the second half
   of the limit, where the posteriors' mean over 0.1 s on each side is lowest. The frame of the cut belongs to neither
   part; where the cut lies in a filled gap, the whole gap is given back. The parts are kept however short they are.
5. What is left is widened by the pads, clamped to the recording, and merged where no more than `merge_gap_s` lies
   between (0: where it overlaps or touches), the earlier first, as long as the whole stays within `max_speech_s`.
   Where pads overlap that may not be merged, each gets half of the room, and one frame stays free between them.

A duration of the rule covers the least whole number of frames that is not shorter, so that every segment before
padding lasts at least `min_speech_s` and every gap at least `min_silence_s`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.decision.machine import Decision
from vad.decision.marks import Dropped, Ended, Mark, Started
from vad.decision.rule import CONFIRM_WITHIN_S, NO_CONDITION, DecisionRule
from vad.frames import FrameGrid
from vad.segments import Timeline

__all__ = [
    "CONFIRM_WITHIN_S", "NO_CONDITION", "Decision", "DecisionRule", "Dropped", "Ended", "Mark", "Started", "decide",
]  # fmt: skip


def decide(posteriors: NDArray[np.float32], rule: DecisionRule, grid: FrameGrid, n_samples: int) -> Timeline:
    """Returns the speech of a whole recording: everything pushed, then flushed.

    Args:
        posteriors: float array (frames,), values in [0, 1].
        rule: thresholds and durations.
        grid: where the frames lie.
        n_samples: length of the recording at the grid's sample rate.

    Raises:
        ShapeError: when the number of posteriors is not that of the recording.
        NonFiniteError: when a posterior is not finite.
    """
    machine = Decision(rule, grid)
    return Timeline([*machine.push(posteriors), *machine.flush(n_samples)])
