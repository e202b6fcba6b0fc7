"""Inside the network: its gates and memory over a recording, what its units do, and why it decided as it did.

`explain` gathers it, `figure` draws it with matplotlib, `page` makes an HTML file of it that is the network itself, to
be stepped through and changed. NumPy computes; the weights are read from the `.tflite`.
"""

from __future__ import annotations

from vad.explain.changes import Change, Target
from vad.explain.explanation import Explanation, Moment, explain
from vad.explain.forward import Trace, forward
from vad.explain.gradient import saliency
from vad.explain.interventions import Intervention
from vad.explain.network import Network, read_network
from vad.explain.units import Units, half_life_s

__all__ = [
    "Change",
    "Explanation",
    "Intervention",
    "Moment",
    "Network",
    "Target",
    "Trace",
    "Units",
    "explain",
    "forward",
    "half_life_s",
    "read_network",
    "saliency",
]
