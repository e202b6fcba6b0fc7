"""From posteriors to speech segments: one online state machine; offline is to feed all and flush."""

from __future__ import annotations

from vad.decision.machine import Decision, decide
from vad.decision.rule import DecisionRule

__all__ = ["Decision", "DecisionRule", "decide"]
