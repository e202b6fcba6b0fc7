"""Segment measures: what lies between two timelines, in exact time, without any grid.

Every measure is a sum over recordings (or a percentile of delays gathered over recordings), so that recordings can be
pooled and weighted: `compare` makes the sums of one recording, `SegmentPool` reads the measures off many.

Definitions, with `ref` the reference speech and `hyp` the detected speech, both within the recording:

*Collar.* Time nearer than ``collar_s / 2`` to a reference boundary is not scored for hits, misses and false alarm
time: `collar_s` is the total width, one half before and one half after the boundary, as in pyannote.metrics. The
ends of the recording are no boundaries.

*Detection error rate* (pyannote.metrics): (missed speech + false alarm) / reference speech. It can exceed 1.

*False alarm*: a segment of `hyp` that touches no reference speech widened by half a collar.

*Clippings and overhang* (Freeman et al., "The voice activity detector for the Pan-European digital cellular mobile
telephone service", ICASSP 1989; Beritelli et al. 2002), always without collar. FEC, front-end clipping: speech missed
from the start of a reference segment up to the first detection in it. MSC, mid-speech clipping: all other missed
speech, segments missed as a whole included. OVER: false alarm that follows a reference segment without a break. NDS,
noise detected as speech: all other false alarm. So FEC + MSC is all missed speech, OVER + NDS all false alarm.

*Delay*: detected boundary minus reference boundary, positive when late. Starts are matched with starts and ends with
ends, the closest pair first, each at most once, not more than `MATCH_S` apart. What finds no partner is missed and
counted as such, not as a delay. Boundaries at the very ends of the recording are cuts, not boundaries.

*Pause found*: a gap of at least `PAUSE_S` between two reference segments, at least half of which `hyp` leaves silent.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError
from vad.segments import Segment, Timeline

__all__ = ["MATCH_S", "PAUSE_S", "SegmentCounts", "compare"]

MATCH_S: Final = 0.5
"""Boundaries further apart than this many seconds do not belong together."""
PAUSE_S: Final = 0.2
"""Shortest gap in the reference that is counted as a pause, in seconds."""
# Sums of decimal times are off by some 1e-16; a microsecond is far below a sample.
_ROUNDING_S: Final = 1e-6


@dataclass(frozen=True, slots=True)
class SegmentCounts:
    """The sums of one recording, in seconds and in numbers; see the module for the definitions.

    Attributes:
        speech_s: scored reference speech.
        nonspeech_s: scored reference non-speech.
        hit_s: scored speech that was detected.
        false_alarm_s: scored non-speech that was detected as speech.
        false_alarms: detected segments that touch no reference speech.
        all_speech_s: reference speech, collar included.
        all_nonspeech_s: reference non-speech, collar included.
        front_clipped_s: FEC.
        mid_clipped_s: MSC.
        overhang_s: OVER.
        noise_as_speech_s: NDS.
        pauses: reference pauses.
        pauses_found: those found.
        onsets: reference starts.
        offsets: reference ends.
    """

    speech_s: float
    nonspeech_s: float
    hit_s: float
    false_alarm_s: float
    false_alarms: float
    all_speech_s: float
    all_nonspeech_s: float
    front_clipped_s: float
    mid_clipped_s: float
    overhang_s: float
    noise_as_speech_s: float
    pauses: float
    pauses_found: float
    onsets: float
    offsets: float


def compare(
    reference: Timeline, detected: Timeline, duration_s: float, *, collar_s: float = 0.0
) -> tuple[SegmentCounts, NDArray[np.float64], NDArray[np.float64]]:
    """Compares the detected speech of one recording with the reference.

    Args:
        reference: true speech; what lies outside ``[0, duration_s)`` is ignored.
        detected: detected speech; what lies outside ``[0, duration_s)`` is ignored.
        duration_s: length of the recording in seconds, above 0.
        collar_s: total width of the zone around every reference boundary that is not scored, in seconds.

    Returns:
        The counts, the onset delays and the offset delays (float64, seconds, in order of time).

    Raises:
        ConfigError: the duration is not positive, or the collar is negative.
    """
    if not (math.isfinite(duration_s) and duration_s > 0):
        raise ConfigError(f"compare: duration_s must be positive and finite, got {duration_s}")
    if not (math.isfinite(collar_s) and collar_s >= 0):
        raise ConfigError(f"compare: collar_s must be 0 or a positive width in seconds, got {collar_s}")
    whole = Timeline([Segment(0.0, duration_s)])
    ref, hyp = reference.intersection(whole), detected.intersection(whole)
    silence = whole.difference(ref)
    onsets = [s.start for s in ref if s.start > _ROUNDING_S]
    offsets = [s.end for s in ref if s.end < duration_s - _ROUNDING_S]
    zone = _around([*onsets, *offsets], collar_s / 2)
    false_alarm = hyp.difference(ref)
    front, over = _front_clipped(ref, hyp), _overhang(ref, false_alarm)
    pauses, pauses_found = _pauses(ref, hyp)
    counts = SegmentCounts(
        speech_s=ref.difference(zone).speech_s,
        nonspeech_s=silence.difference(zone).speech_s,
        hit_s=hyp.intersection(ref).difference(zone).speech_s,
        false_alarm_s=false_alarm.difference(zone).speech_s,
        false_alarms=len(hyp) - _touching(hyp, ref.union(zone)),
        all_speech_s=ref.speech_s,
        all_nonspeech_s=silence.speech_s,
        front_clipped_s=front,
        mid_clipped_s=ref.difference(hyp).speech_s - front,
        overhang_s=over,
        noise_as_speech_s=false_alarm.speech_s - over,
        pauses=pauses,
        pauses_found=pauses_found,
        onsets=len(onsets),
        offsets=len(offsets),
    )
    found_onsets = [s.start for s in hyp if s.start > _ROUNDING_S]
    found_offsets = [s.end for s in hyp if s.end < duration_s - _ROUNDING_S]
    return counts, _delays(onsets, found_onsets), _delays(offsets, found_offsets)


def _pauses(ref: Timeline, hyp: Timeline) -> tuple[int, int]:
    """Counts the pauses between reference segments, and those that stay silent for at least half their length."""
    if len(ref) < 2:
        return 0, 0
    pauses = [gap for gap in ref.gaps(ref[0].start, ref[-1].end) if gap.duration >= PAUSE_S - _ROUNDING_S]
    starts = [gap.start for gap in pauses]
    spoken = [0.0] * len(pauses)
    for segment in hyp.intersection(Timeline(pauses)):
        spoken[bisect_right(starts, segment.start) - 1] += segment.duration
    found = sum(s <= gap.duration / 2 + _ROUNDING_S for s, gap in zip(spoken, pauses, strict=True))
    return len(pauses), found


def _around(times: Sequence[float], half_s: float) -> Timeline:
    return Timeline(Segment(t - half_s, t + half_s) for t in times) if half_s > 0 else Timeline()


def _touching(segments: Timeline, others: Timeline) -> int:
    """Counts the segments that share time with any of the others."""
    starts = [s.start for s in others]
    ends = [s.end for s in others]
    return sum(bisect_left(starts, s.end) > bisect_right(ends, s.start) for s in segments)


def _front_clipped(ref: Timeline, hyp: Timeline) -> float:
    """Seconds of speech before the first detection in each reference segment that has one."""
    ends = [s.end for s in hyp]
    clipped = 0.0
    for segment in ref:
        first = bisect_right(ends, segment.start)
        if first < len(hyp) and hyp[first].start < segment.end:
            clipped += max(0.0, hyp[first].start - segment.start)
    return clipped


def _overhang(ref: Timeline, false_alarm: Timeline) -> float:
    """Seconds of false alarm that start where a reference segment ends."""
    ends = {s.end for s in ref}
    return math.fsum(s.duration for s in false_alarm if s.start in ends)


def _delays(wanted: Sequence[float], found: Sequence[float]) -> NDArray[np.float64]:
    """Matches boundaries, the closest pair first, and returns found minus wanted in order of time."""
    pairs = []
    for i, time in enumerate(wanted):
        near = range(bisect_left(found, time - MATCH_S), bisect_right(found, time + MATCH_S))
        pairs += [(abs(found[j] - time), i, j) for j in near]
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    return np.array([found[partner[i]] - wanted[i] for i in sorted(partner)], dtype=np.float64)
