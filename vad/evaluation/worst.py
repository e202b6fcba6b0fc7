"""Which recordings an engine does worst on."""

from __future__ import annotations

from dataclasses import dataclass

from vad.evaluation.scoring import Scores
from vad.manifests import Recording

__all__ = ["RecordingError", "rank"]


@dataclass(frozen=True, slots=True)
class RecordingError:
    """How wrong an engine's segments are on one recording.

    Attributes:
        recording: the row.
        engine: name of the engine.
        missed_s: scored speech that was not detected, seconds.
        false_alarm_s: scored non-speech that was detected as speech, seconds.
        scored_s: all that was scored, seconds.
    """

    recording: Recording
    engine: str
    missed_s: float
    false_alarm_s: float
    scored_s: float

    @property
    def wrong_share(self) -> float:
        """Share of the scored time that is wrong."""
        return (self.missed_s + self.false_alarm_s) / self.scored_s if self.scored_s > 0 else 0.0

    def to_dict(self) -> dict[str, object]:
        """Returns JSON values."""
        return {
            "recording": self.recording.id,
            "engine": self.engine,
            "missed_s": round(self.missed_s, 4),
            "false_alarm_s": round(self.false_alarm_s, 4),
            "scored_s": round(self.scored_s, 4),
        }


def rank(scores: Scores, engine: str) -> list[RecordingError]:
    """Returns the recordings by the share of their time that an engine gets wrong, the worst first.

    Args:
        scores: what `score` returned.
        engine: its name.
    """
    found = [
        RecordingError(
            recording,
            engine,
            max(0.0, counts.speech_s - counts.hit_s),
            counts.false_alarm_s,
            counts.speech_s + counts.nonspeech_s,
        )
        for recording, counts in zip(scores.recordings, scores.segments[engine].counts, strict=True)
    ]
    return sorted(found, key=lambda e: (-e.wrong_share, -e.scored_s, e.recording.id))
