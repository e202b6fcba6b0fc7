"""A rule in whole frames and samples of a grid."""

from __future__ import annotations

from vad.decision.rule import CONFIRM_WITHIN_S, DecisionRule
from vad.frames import FrameGrid, seconds_to_samples

# Posteriors are smoothed over this much on each side before the deepest pause is looked for.
_SMOOTHING_S = 0.1


class Scale:
    """The durations of a rule on a grid, and where frames lie with their pads.

    Args:
        rule: thresholds and durations.
        grid: where the frames lie.

    Attributes:
        hangover: frames.
        min_speech: frames, at least one.
        min_silence: frames, at least one.
        patience: frames that a stretch may wait to be confirmed.
        smoothing: frames on each side of a posterior.
        pad_start: samples.
        pad_end: samples.
        merge_gap: samples.
        longest: samples that a padded segment may last while its recording goes on; None without a limit.
        limit: frames that its speech may last; None without a limit.
    """

    def __init__(self, rule: DecisionRule, grid: FrameGrid) -> None:
        self.grid = grid
        self.hangover = self._frames(rule.hangover_s)
        self.min_speech = max(1, self._frames(rule.min_speech_s))
        self.min_silence = max(1, self._frames(rule.min_silence_s))
        self.patience = self._frames(CONFIRM_WITHIN_S)
        self.smoothing = self._frames(_SMOOTHING_S)
        self.pad_start = self._samples(rule.pad_start_s)
        self.pad_end = self._samples(rule.pad_end_s)
        self.merge_gap = self._samples(rule.merge_gap_s)
        self.longest = self.limit = None
        if rule.max_speech_s is not None:
            # The first and the last frame of a recording own up to a window more than their hop.
            self.longest = self._samples(rule.max_speech_s) - grid.win_length
            self.limit = (self.longest - self.pad_start - self.pad_end) // grid.hop_length

    def onset(self, frame: int) -> int:
        """First sample of speech that begins in `frame`; frame 0 also owns the samples before its edge."""
        return 0 if frame == 0 else self.grid.boundary(frame)

    def padded_start(self, frame: int) -> int:
        """First sample of a segment whose speech begins in `frame`."""
        return max(0, self.onset(frame) - self.pad_start)

    def frames_past(self, sample: int) -> int:
        """Least frame whose edge lies behind `sample`."""
        return (sample - self.grid.boundary(0)) // self.grid.hop_length + 1

    def first_apart(self, end: int) -> int:
        """Least frame in which speech begins too late to extend a segment that ends, padded, at the sample `end`."""
        return self.frames_past(end + self.merge_gap + self.pad_start)

    def _samples(self, seconds: float) -> int:
        return seconds_to_samples(seconds, self.grid.sample_rate)

    def _frames(self, seconds: float) -> int:
        """Least number of hops that lasts `seconds`."""
        return -(-self._samples(seconds) // self.grid.hop_length)
