"""Pictures of recordings and of evaluations: what was heard, what the model made of it, what is true.

`view` gathers what a picture shows in one pass, `figure` draws it with matplotlib, `page` makes an HTML file of it that
plays, zooms and decides anew, `report` makes one of an evaluation. Pages need nothing but themselves: their templates
lie in ``assets``.
"""

from __future__ import annotations

from vad.pictures.view import Detail, Source, View, look

__all__ = ["Detail", "Source", "View", "look"]
