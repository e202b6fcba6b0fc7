"""Everything that is shown of a recording's way through the network, gathered in one call."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.decision import DecisionRule, decide
from vad.detector import Detector
from vad.errors import ConfigError, ModelError
from vad.explain.changes import Change, Target, find_changes
from vad.explain.forward import Trace, forward
from vad.explain.gradient import saliency
from vad.explain.listening import listen
from vad.explain.network import Network, read_network
from vad.explain.units import Units, measure_signals, study_units
from vad.features.spec import FeatureSpec
from vad.frames import FrameGrid, seconds_to_samples
from vad.pictures import Detail, Source, View, look
from vad.pictures.view import PastTheEnd

__all__ = ["LONGEST_S", "Explanation", "Moment", "explain"]

LONGEST_S: Final = 300.0
"""Longest part that is explained at once, seconds: all that happens inside takes 5 MB for each."""
# Float32 against float64; more than this, and the weights are not what the model computes.
_MOST_DIFFERENCE: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Moment:
    """Why a frame was taken for what it was.

    Args:
        frame: of the recording.
        step: of the trace, whose posterior is this frame's.
        time_s: the frame's centre.
        posterior: of the frame.
        target: what was decided by the thresholds alone, and which posterior decides otherwise.
        saliency: float64 ``(step + 1, bands)``, gradient of the logit by all that the network heard in the part.
        votes: float64 ``(units,)``, what each unit of the last layer adds to the logit.
        changes: what would decide otherwise, and what would not.
    """

    frame: int
    step: int
    time_s: float
    posterior: float
    target: Target
    saliency: NDArray[np.float64]
    votes: NDArray[np.float64]
    changes: tuple[Change, ...]


@dataclass(frozen=True, eq=False)
class Explanation:
    """A part of a recording and what the network made of it, step by step.

    Args:
        view: waveform, log-mel, posterior and segments, as `vad plot` shows them.
        network: the weights.
        spec: the front-end.
        trace: a run over the frames of the part and the look-ahead behind them.
        first_frame: the frame that goes in at step 0; its posterior comes out at step `lookahead`.
        lookahead: steps between a frame and its posterior.
        units: what the units of each layer do.
        moment: the moment that was asked about.
    """

    view: View
    network: Network
    spec: FeatureSpec
    trace: Trace
    first_frame: int
    lookahead: int
    units: tuple[Units, ...]
    moment: Moment

    @property
    def n_frames(self) -> int:
        """Frames of the part."""
        return len(self.trace.logits) - self.lookahead

    @property
    def posteriors(self) -> NDArray[np.float64]:
        """The posteriors of the part's frames."""
        return self.trace.posteriors[self.lookahead :]

    @property
    def times(self) -> NDArray[np.float64]:
        """Centres of the frames that go in at the steps, float64 ``(steps,)``, seconds."""
        return self.view.grid.times(len(self.trace.logits), self.first_frame)


def explain(
    source: Source,
    detector: Detector,
    *,
    rule: DecisionRule | None = None,
    span: tuple[float, float | None] = (0.0, None),
    at: float | None = None,
) -> Explanation:
    """Looks into the network while it hears a part of a recording.

    The network has heard all that is before the part, so that the part is what it is in the whole.

    Args:
        source: the recording.
        detector: whose model is looked into: LSTM cells, float32 or float16.
        rule: from posteriors to segments; None is the detector's own.
        span: the part, seconds; its end may be None or lie beyond the recording's. At most `LONGEST_S`.
        at: the moment to explain, seconds from the recording's start; None is the part's first onset, or where there is
            none its highest posterior.

    Raises:
        AudioError: when the recording cannot be read.
        ConfigError: when the part is empty or too long, or the moment is not in it.
        ModelError: when the model cannot be looked into.
    """
    network = read_network(detector.artifact)
    try:
        view = look(source, detector, rule=rule, span=span, detail=Detail(wave_bins=6000))
    except PastTheEnd as error:
        if at is None:
            raise
        # The part was put around the moment: its start is a number that nobody has given.
        raise ConfigError(
            f"{source.path}: the moment must lie in the recording, 0 to {error.duration_s:g} s; received {at:g} s"
        ) from None
    if view.end_s - view.start_s > LONGEST_S:
        raise ConfigError(
            f"{source.path}: at most {LONGEST_S:g} s are explained at once; received {view.end_s - view.start_s:g} s: "
            "choose a part"
        )
    spec, lookahead = detector.metadata.features, detector.metadata.lookahead_frames
    first, n_frames = _frames_shown(view)
    frames, before = listen(source, detector, first, n_frames + lookahead)
    trace = forward(network, frames, before=before)
    _check(trace.posteriors[lookahead:], view.posteriors[first : first + n_frames], detector)
    signals = measure_signals(trace.frames, trace.posteriors, *_turns(view, first, lookahead), _step_s(view.grid))
    units = tuple(study_units(layer, signals) for layer in trace.layers)
    frame = _choose(view, first, n_frames, at)
    moment = _explain_moment(network, trace, view, spec, (frame, first, lookahead))
    return Explanation(view, network, spec, trace, first, lookahead, units, moment)


def _step_s(grid: FrameGrid) -> float:
    return grid.hop_length / grid.sample_rate


def _frames_shown(view: View) -> tuple[int, int]:
    """Returns the first frame whose own stretch of time reaches into the part, and how many do."""
    grid = view.grid
    start, end = (seconds_to_samples(seconds, grid.sample_rate) for seconds in (view.start_s, view.end_s))
    last = len(view.posteriors) - 1
    first = min(last, max(0, (start - grid.boundary(0)) // grid.hop_length))
    stop = min(last + 1, max(first + 1, -((grid.boundary(0) - end) // grid.hop_length)))
    return first, stop - first


def _check(found: NDArray[np.float64], wanted: NDArray[np.float32], detector: Detector) -> None:
    difference = float(np.abs(found - wanted).max())
    if not difference <= _MOST_DIFFERENCE:
        raise ModelError(
            f"{detector.artifact.name}: wanted a network of lstm cells, found one whose posteriors are up to "
            f"{difference:.2g} from what its weights give in such cells"
        )


def _turns(view: View, first: int, lookahead: int) -> tuple[list[int], list[int]]:
    """Returns the steps at which the decision enters and leaves speech, before pads."""
    bare = dataclasses.replace(view.rule, pad_start_s=0.0, pad_end_s=0.0, merge_gap_s=0.0)
    grid = view.grid

    def steps(times: Sequence[float]) -> list[int]:
        frames = (
            round((seconds_to_samples(time, grid.sample_rate) - grid.boundary(0)) / grid.hop_length) for time in times
        )
        return [frame - first + lookahead for frame in frames]

    spans = decide(view.posteriors, bare, grid, view.n_samples)
    inside = [time for time in (s.start for s in spans) if view.start_s < time < view.end_s]
    return steps(inside), steps([time for time in (s.end for s in spans) if view.start_s < time < view.end_s])


def _choose(view: View, first: int, n_frames: int, at: float | None) -> int:
    """Returns the frame that is asked about."""
    shown = view.posteriors[first : first + n_frames]
    if at is None:
        speech = _speech(view)[first : first + n_frames]
        entered = np.flatnonzero(speech & ~np.concatenate([[False], speech[:-1]]))
        return first + int(entered[0] if len(entered) else shown.argmax())
    if not view.start_s <= at <= view.end_s:
        raise ConfigError(
            f"the moment must lie in the part shown, {view.start_s:g} to {view.end_s:g} s; received {at:g} s"
        )
    return first + int(np.abs(view.grid.times(n_frames, first) - at).argmin())


def _speech(view: View) -> NDArray[np.bool_]:
    """Returns what the two thresholds alone make of each frame: in speech or not, without any duration."""
    onset, offset = np.float32(view.rule.onset_threshold), np.float32(view.rule.offset_threshold)
    inside, states = False, np.empty(len(view.posteriors), bool)
    for frame, value in enumerate(view.posteriors):
        inside = bool(value >= (offset if inside else onset))
        states[frame] = inside
    return states


def _explain_moment(
    network: Network, trace: Trace, view: View, spec: FeatureSpec, place: tuple[int, int, int]
) -> Moment:
    frame, first, lookahead = place
    step = frame - first + lookahead
    is_speech = bool(_speech(view)[frame])
    target = Target(is_speech, view.rule.offset_threshold if is_speech else view.rule.onset_threshold)
    return Moment(
        frame=frame,
        step=step,
        time_s=float(view.grid.times(1, frame)[0]),
        posterior=float(trace.posteriors[step]),
        target=target,
        saliency=saliency(network, trace, step),
        votes=trace.layers[-1].h[step] * network.output,
        changes=find_changes(network, trace, step, target=target, spec=spec, lookahead=lookahead),
    )
