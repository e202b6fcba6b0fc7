"""Speech labels: from energy on clean recordings, and from segments to frames.

The one rule from segments to frames: a frame is speech if and only if its centre sample lies in a segment
``[start, end)``. The one rule for pauses: a silence inside speech is a pause when it is longer than
`LabelRule.max_gap_s`; shorter ones, the closures of stops among them, are speech. A breath is silence.
"""

from __future__ import annotations

from vad.labels.energy import energy_segments, refined_segments
from vad.labels.frames import reaching_out, timeline_to_labels
from vad.labels.rule import LabelRule

__all__ = ["LabelRule", "energy_segments", "reaching_out", "refined_segments", "timeline_to_labels"]
