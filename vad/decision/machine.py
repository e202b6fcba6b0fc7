"""From posteriors to speech segments: one online state machine; offline is to feed all and flush.

The rule acts in this order, in whole frames until the pads:

1. Speech begins at the first posterior of at least `onset_threshold`. It ends once more than `hangover_s` of
   consecutive posteriors lie below `offset_threshold`; the hangover itself still counts as speech.
2. Gaps shorter than `min_silence_s` between two stretches of speech are filled.
3. Stretches shorter than `min_speech_s` are dropped.
4. What is left is widened by the pads, clamped to the recording, and merged where it overlaps or touches.

A duration of the rule covers the least whole number of frames that is not shorter, so that every segment before
padding lasts at least `min_speech_s` and every gap at least `min_silence_s`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vad.decision.rule import DecisionRule
from vad.errors import NonFiniteError, ShapeError
from vad.frames import FrameGrid, seconds_to_samples
from vad.segments import Segment, Timeline


class Decision:
    """The online state machine of one recording: posteriors in, finished segments out.

    A segment is returned as soon as no later posterior can change it: after `min_silence_s` of silence, and with
    pads only when no later speech can reach into it. Any chunking of the posteriors gives the same segments.

    Args:
        rule: thresholds and durations.
        grid: where the frames of the posteriors lie.
    """

    def __init__(self, rule: DecisionRule, grid: FrameGrid) -> None:
        self.rule = rule
        self.grid = grid
        self._hangover = self._frames(rule.hangover_s)
        self._min_speech = max(1, self._frames(rule.min_speech_s))
        self._min_silence = max(1, self._frames(rule.min_silence_s))
        self._pad_start = seconds_to_samples(rule.pad_start_s, grid.sample_rate)
        self._pad_end = seconds_to_samples(rule.pad_end_s, grid.sample_rate)
        self.reset()

    def reset(self) -> None:
        """Forgets everything heard, as before a new recording."""
        self._n = 0  # frames pushed
        self._speech = False  # state of the thresholds and the hangover
        self._below = 0  # in speech: frames below the offset threshold at the end of what was pushed
        self._start: int | None = None  # first frame of the stretch that gaps may still extend
        self._stop: int | None = None  # frame after its end; None while speech goes on
        self._padded: tuple[int, int] | None = None  # samples of the kept segment that pads may still extend

    @property
    def n_frames(self) -> int:
        """Posteriors pushed since the last reset or flush."""
        return self._n

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
        values = np.asarray(posteriors)
        if values.ndim != 1:
            raise ShapeError(f"posteriors must have the shape (n,); received {values.shape}")
        if not len(values):
            return []
        # NaN reaches both ends of the range, so that one look at it tells.
        lowest, highest = float(values.min()), float(values.max())
        if not (math.isfinite(lowest) and math.isfinite(highest)):
            bad = self._n + int(np.flatnonzero(~np.isfinite(values))[0])
            raise NonFiniteError(f"posterior of frame {bad} is not finite")
        done: list[Segment] = []
        # Most chunks of a stream go on as they began, and are not worth ten array operations.
        goes_on = lowest >= self.rule.offset_threshold if self._speech else highest < self.rule.onset_threshold
        if goes_on:
            self._below = 0
        else:
            for frame, enters in self._transitions(values):
                if enters:
                    done += self._enter(frame)
                else:
                    self._stop = frame
        self._n += len(values)
        done += self._settle()
        return done

    def flush(self, n_samples: int) -> list[Segment]:
        """Ends the recording, returns its remaining segments, and is ready for the next one.

        Args:
            n_samples: length of the recording at the grid's sample rate.

        Raises:
            ShapeError: when a recording of that length has another number of frames than were pushed.
        """
        if self.grid.count(n_samples) != self._n:
            raise ShapeError(
                f"a recording of {n_samples} samples has {self.grid.count(n_samples)} frames; "
                f"received posteriors of {self._n}"
            )
        done: list[Segment] = []
        if self._start is not None:
            done += self._keep(self._start, self._n if self._stop is None else self._stop, n_samples)
        if self._padded is not None:
            start, end = self._padded
            done.append(self._segment(start, min(end, n_samples)))
        self.reset()
        return done

    def _frames(self, seconds: float) -> int:
        """Least number of hops that lasts `seconds`."""
        return -(-seconds_to_samples(seconds, self.grid.sample_rate) // self.grid.hop_length)

    def _segment(self, start: int, end: int) -> Segment:
        return Segment(start / self.grid.sample_rate, end / self.grid.sample_rate)

    def _transitions(self, values: NDArray[np.float32]) -> Iterator[tuple[int, bool]]:
        """Yields (frame, enters speech?) alternately; only runs are visited in Python, not frames."""
        onsets, _ = _runs(values >= self.rule.onset_threshold)
        starts, stops = _runs(values < self.rule.offset_threshold)
        if len(starts) and starts[0] == 0:
            starts[0] = -self._below  # the run began in an earlier chunk
        leaves = starts + self._hangover
        # leaves < 0: this run had outlasted the hangover in an earlier chunk already.
        leaves = leaves[(leaves < stops) & (leaves >= 0)]
        if len(starts) and stops[-1] == len(values):
            self._below = int(stops[-1] - starts[-1])
        else:
            self._below = 0
        frames = np.concatenate([onsets, leaves])
        enters = np.repeat([True, False], [len(onsets), len(leaves)])
        order = np.argsort(frames, kind="stable")
        frames, enters = frames[order] + self._n, enters[order]
        changed = enters != np.concatenate([[self._speech], enters[:-1]])
        if len(enters):
            self._speech = bool(enters[-1])
        yield from zip(frames[changed].tolist(), enters[changed].tolist(), strict=True)

    def _enter(self, frame: int) -> list[Segment]:
        """Speech begins at `frame`: fill the gap before it, or settle what stood before."""
        done: list[Segment] = []
        if self._start is not None and self._stop is not None and frame - self._stop >= self._min_silence:
            done = self._keep(self._start, self._stop)
        if self._start is None:
            self._start = frame
        self._stop = None
        return done

    def _keep(self, first: int, stop: int, n_samples: int | None = None) -> list[Segment]:
        """Ends the current stretch: drops it when short, else pads it and merges it with the one before."""
        self._start = self._stop = None
        if stop - first < self._min_speech:
            return []
        raw = self.grid.to_segment(first, stop, self._n, n_samples)
        start = max(0, seconds_to_samples(raw.start, self.grid.sample_rate) - self._pad_start)
        end = seconds_to_samples(raw.end, self.grid.sample_rate) + self._pad_end
        if self._padded is None:
            self._padded = (start, end)
            return []
        if start <= self._padded[1]:
            self._padded = (self._padded[0], end)
            return []
        finished, self._padded = self._padded, (start, end)
        return [self._segment(*finished)]

    def _settle(self) -> list[Segment]:
        """Returns what the frames so far have finished."""
        done: list[Segment] = []
        if self._start is not None and self._stop is not None and self._n - self._stop >= self._min_silence:
            done += self._keep(self._start, self._stop)
        if self._padded is None:
            return done
        # No later segment can begin before this sample, nor can the recording end before it.
        earliest = self.grid.boundary(self._n if self._start is None else self._start)
        if earliest - self._pad_start > self._padded[1]:
            done.append(self._segment(*self._padded))
            self._padded = None
        return done


def _runs(flags: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns where the runs of True begin and the index after their ends."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return edges[::2].astype(np.int64), edges[1::2].astype(np.int64)


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
