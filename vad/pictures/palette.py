"""Colours that stay apart for colour-blind readers and in grey print, and the words of the legends.

Okabe and Ito, "Color Universal Design" (2008). No meaning rests on colour alone: misses and false alarms are hatched,
thresholds are dashed and dotted, curves differ in their dashes and markers too.
"""

from __future__ import annotations

from typing import Final

BLUE: Final = "#0072B2"
GREEN: Final = "#009E73"
VERMILION: Final = "#D55E00"
ORANGE: Final = "#E69F00"
PURPLE: Final = "#CC79A7"
INK: Final = "#1b1f24"
MUTED: Final = "#6a737d"

LANES: Final = (
    ("segments", "detected", BLUE, ""),
    ("reference", "reference", GREEN, ""),
    ("misses", "missed", VERMILION, "xxxx"),
    ("false_alarms", "false alarm", ORANGE, "////"),
)
"""Attribute of a view, its name in the legend, its colour and its hatching."""
