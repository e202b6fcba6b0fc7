"""Detectors on labelled recordings: every engine on the same cells in the same run, and a report.

`scoring` runs the engines, `own` is this package's detector as one of them, `report` makes measures with intervals of
what they said, `curves` what is drawn of it, `worst` ranks the recordings. The alignment rule is stated in
`vad.metrics.grid`, the measures in `vad.metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from vad.errors import ConfigError, did_you_mean
from vad.evaluation.curves import DELAY_EDGES, Bin, Curves, Point
from vad.evaluation.own import OWN_NAME, DetectorEngine
from vad.evaluation.report import ALL, GROUPINGS, Estimate, Report, Result, Summary, summarise
from vad.evaluation.scoring import Failure, Scores, score
from vad.evaluation.worst import RecordingError
from vad.manifests import Recording
from vad.peers import Engine

__all__ = [
    "ALL",
    "DELAY_EDGES",
    "GROUPINGS",
    "OWN_NAME",
    "Bin",
    "Curves",
    "DetectorEngine",
    "Estimate",
    "Failure",
    "Point",
    "RecordingError",
    "Report",
    "Result",
    "Scores",
    "Summary",
    "evaluate",
    "score",
    "summarise",
]


def evaluate(
    recordings: Iterable[Recording],
    engines: Sequence[Engine],
    home: Path,
    *,
    collar_s: float = 0.0,
    summary: Summary | None = None,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """Scores engines on labelled recordings.

    Args:
        recordings: rows of a manifest; ``speech`` empty is all non-speech, None is passed over and counted.
        engines: with different names.
        home: folder that the audio of the rows lies in.
        collar_s: total width of the zone around every reference boundary that is not scored, in seconds.
        summary: conditions and intervals; None takes all recordings together, without intervals.
        progress: called with the seconds of audio dealt with since the last call.

    Returns:
        The report; recordings that could not be read are among its failures.

    Raises:
        ConfigError: two engines share a name, the collar is negative or the grouping unknown.
    """
    by_name = {engine.name: engine for engine in engines}
    if len(by_name) != len(engines):
        raise ConfigError(f"evaluate: engines need different names, got {[engine.name for engine in engines]}")
    if collar_s < 0:
        raise ConfigError(f"evaluate: collar_s must be 0 or a positive width in seconds, got {collar_s}")
    by = None if summary is None else summary.by
    if by is not None and by not in GROUPINGS:
        raise ConfigError(
            f"evaluate: cannot group by {by!r}{did_you_mean(by, GROUPINGS)}; there are {', '.join(GROUPINGS)}"
        )
    scores = score(recordings, engines, home, collar_s=collar_s, progress=progress)
    return summarise(scores, by_name, collar_s=collar_s, summary=summary)
