"""The online state machine of the decision; see `vad.decision` for the rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.decision.gate import CONFIRMS, ENTERS, Gate, as_posteriors
from vad.decision.marks import Dropped, Ended, Mark, Pending, Started
from vad.decision.pause import Pauses
from vad.decision.rule import DecisionRule
from vad.decision.scale import Scale
from vad.errors import ShapeError
from vad.frames import FrameGrid
from vad.segments import Segment

_NEVER = 1 << 62


class Decision:
    """The online state machine of one recording: posteriors in, finished segments out.

    Everything is returned as soon as no later posterior can change it. Between two changes of the thresholds the next
    thing to happen is known beforehand (`_schedule`), so that any chunking of the posteriors gives the same.

    Args:
        rule: thresholds and durations.
        grid: where the frames of the posteriors lie.
    """

    def __init__(self, rule: DecisionRule, grid: FrameGrid) -> None:
        self.rule = rule
        self.grid = grid
        self._scale = scale = Scale(rule, grid)
        self._gate = Gate(rule.onset_threshold, rule.offset_threshold, scale.hangover, rule.confirm_threshold)
        self._pauses = None if scale.limit is None else Pauses(scale.limit, scale.smoothing)
        self.reset()

    def reset(self) -> None:
        """Forgets everything heard, as before a new recording."""
        self._gate.reset()
        if self._pauses is not None:
            self._pauses.reset()
        self._n = 0  # frames pushed
        self._start: int | None = None  # first frame of the stretch that gaps may still extend
        self._stop: int | None = None  # frame after its speech, in a gap; None while speech goes on
        self._entered = 0  # frame in which its speech was last entered, or it was confirmed
        self._confirmed = self._kept = False  # it has reached confirm_threshold; and min_speech
        self._told: int | None = None  # sample with which it was said to start as a segment of its own
        self._pending: Pending | None = None
        self._marks: list[Mark] = []
        self._schedule()

    @property
    def n_frames(self) -> int:
        """Posteriors pushed since the last reset or flush."""
        return self._n

    @property
    def earliest_start(self) -> int:
        """No segment that is yet to be told of starts before this sample."""
        frame = self._n
        if self._start is not None:
            if self._told is None:
                frame = self._start
            elif self._pauses is not None:
                frame = min(frame, self._pauses.earliest_cut(self._start))
        return self._scale.padded_start(frame)

    def push(self, posteriors: NDArray[np.float32]) -> list[Segment]:
        """Takes the next posteriors and returns the segments that they finish.

        Args:
            posteriors: float array (n,), any length, values in [0, 1].

        Returns:
            Segments in seconds from the start of the recording, in order.

        Raises:
            ShapeError: when the array is not one-dimensional.
            NonFiniteError: when a posterior is not finite.
        """
        return self._segments(self.advance(posteriors))

    def flush(self, n_samples: int) -> list[Segment]:
        """Ends the recording, returns its remaining segments, and is ready for the next one.

        Args:
            n_samples: length of the recording at the grid's sample rate.

        Raises:
            ShapeError: when a recording of that length has another number of frames than were pushed.
        """
        return self._segments(self.finish(n_samples))

    def advance(self, posteriors: NDArray[np.float32]) -> list[Mark]:
        """Takes the next posteriors as `push` does, and returns all that they make certain, in order."""
        values = as_posteriors(posteriors)
        if not len(values):
            return []
        changes = self._gate.push(values, self._n)
        if self._pauses is not None:
            self._pauses.hear(values, self._n)
        end = self._n + len(values)
        for frame, kind in changes:
            self._elapse(frame)
            if kind == ENTERS:
                self._enter(frame)
            elif kind != CONFIRMS:
                self._stop = frame
            elif not self._confirmed:
                self._confirmed, self._entered = True, frame
            self._schedule()
        self._elapse(end)
        if self._pauses is not None:
            self._pauses.forget(self._start)
        return self._take_marks()

    def finish(self, n_samples: int) -> list[Mark]:
        """Ends the recording as `flush` does, and returns all that this makes certain, in order."""
        if self.grid.count(n_samples) != self._n:
            raise ShapeError(
                f"a recording of {n_samples} samples has {self.grid.count(n_samples)} frames; "
                f"received posteriors of {self._n}"
            )
        if self._start is not None:
            self._close(self._n if self._stop is None else self._stop, n_samples)
        if self._pending is not None:
            self._pending.end = min(self._pending.end, n_samples)
            self._end()
        marks = self._take_marks()
        self.reset()
        return marks

    def _segments(self, marks: list[Mark]) -> list[Segment]:
        rate = self.grid.sample_rate
        return [Segment(mark.start / rate, mark.end / rate) for mark in marks if isinstance(mark, Ended)]

    def _take_marks(self) -> list[Mark]:
        marks, self._marks = self._marks, []
        return marks

    def _elapse(self, n: int) -> None:
        """Lets happen what is due once `n` frames are heard."""
        while self._due <= n:
            self._n = max(self._n, self._due)
            self._act()
            self._schedule()
        self._n = n

    def _schedule(self) -> None:
        """Finds what happens next, and after how many frames, if speech is neither entered nor left before."""
        scale = self._scale
        self._due, self._act = _NEVER, self._end
        if self._start is None:
            if self._pending is not None:
                self._due = max(self._n, scale.first_apart(self._pending.end))
        elif self._stop is not None:
            self._due, self._act = self._stop + scale.min_silence, self._close
            if not self._confirmed:
                self._due = min(self._due, self._start + scale.patience + 1)
        elif not self._confirmed:
            self._due, self._act = self._start + scale.patience + 1, self._give_up
        elif not self._kept:
            self._due, self._act = max(self._start + scale.min_speech, self._entered + 1), self._keep
        elif self._pauses is not None:
            self._due, self._act = self._start + self._pauses.limit + 1, self._cut
            if self._pending is not None and scale.longest is not None:
                too_long = scale.frames_past(self._pending.start + scale.longest - scale.pad_end)
                if too_long <= self._due:
                    self._due, self._act = too_long, self._part
            self._due = max(self._due, self._entered + 1)

    def _enter(self, frame: int) -> None:
        """Speech is entered: a stretch begins, or the gap in one is filled."""
        if self._start is None:
            self._start, self._kept, self._told = frame, False, None
            self._confirmed = self.rule.confirm_threshold is None
        elif self._pauses is not None and self._stop is not None:
            self._pauses.fill(self._stop, frame)
        self._stop, self._entered = None, frame

    def _give_up(self) -> None:
        """The stretch has waited long enough to be confirmed: it is dropped, and another begins."""
        if self._start is None:
            return
        stop = self._start + self._scale.patience
        self._close(stop)
        if self._pending is not None and stop >= self._scale.first_apart(self._pending.end):
            self._end()
        self._enter(stop)

    def _keep(self) -> None:
        """The stretch is confirmed and long enough. Within reach of a pending segment it extends that one."""
        self._kept = True
        if self._pending is None and self._start is not None:
            self._tell(self._start)

    def _tell(self, first: int, not_before: int = 0) -> None:
        """The stretch that begins in the frame `first` is a segment of its own."""
        self._told = max(not_before, self._scale.padded_start(first))
        self._marks.append(Started(self._told, self._scale.onset(first), self._n))

    def _end(self) -> None:
        """Nothing can extend the pending segment any more."""
        if self._pending is not None:
            self._marks.append(Ended(self._pending.start, self._pending.end, self._pending.offset, self._n))
            self._pending = None

    def _close(self, stop: int | None = None, n_samples: int | None = None) -> None:
        """The stretch is over: dropped when it was not kept, else pending or part of what is."""
        first, stop = self._start, self._stop if stop is None else stop
        if first is None or stop is None:
            return
        offset = self.grid.boundary(stop)
        if n_samples is not None and stop == self._n:
            offset = n_samples
        if not self._kept:
            self._marks.append(Dropped(self._scale.onset(first), offset, self._n))
        elif self._pending is None:
            start = self._scale.padded_start(first) if self._told is None else self._told
            self._pending = Pending(start, offset + self._scale.pad_end, offset)
        else:
            self._pending.end, self._pending.offset = offset + self._scale.pad_end, offset
        self._start = self._stop = self._told = None

    def _part(self) -> None:
        """With the pending segment the stretch would be too long: it is one of its own."""
        pending, first = self._pending, self._start
        if pending is None or first is None:
            return
        not_before = 0
        if self._scale.padded_start(first) <= pending.end:
            # The pads share the room between them, and leave a frame so that no one takes the two for one.
            gap, hop = self._scale.onset(first) - pending.offset, self.grid.hop_length
            pending.end = min(pending.end, pending.offset + (gap - hop) // 2)
            not_before = self._scale.onset(first) - (gap - hop) // 2
        self._end()
        self._tell(first, not_before)

    def _cut(self) -> None:
        """The stretch has become too long: it ends at its deepest pause, and another begins there."""
        if self._pauses is None or self._start is None:
            return
        stop, following = self._pauses.cut(self._start)
        self._close(stop)
        self._start, self._kept = following, True
        self._part()
