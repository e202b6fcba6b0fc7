"""Whether labels belong to a recording: by its name, and by its length."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from vad.errors import ManifestError
from vad.segments import Timeline

# Tools that label by hand round the end of a recording up; more than this is another recording's label.
_OVERHANG_S = 0.1
# What formats without names, and recordings that came through a pipe, are called.
_UNNAMED = ("", "-")
_SHOWN = 5


def timeline_of(recording: Path, timelines: Mapping[str, Timeline], path: Path) -> Timeline:
    """Returns the labels of one recording.

    Args:
        recording: its path; it is named by its path, its file name, or that without the suffix.
        timelines: what the label file holds, by the names in it.
        path: of the label file. Where it bears the recording's name, a single timeline is the recording's own, whatever
            name stands in the file.

    Raises:
        ManifestError: when the file names other recordings only, or several of this name.
    """
    place = os.path.abspath(recording)  # noqa: PTH100  # links are left as they are
    names = {name for name in timelines if name not in _UNNAMED}
    found = [name for name in names if os.path.abspath(name) == place]  # noqa: PTH100
    if not found:
        known = {form for name in (recording.name, recording.stem) for form in (name, "_".join(name.split()))}
        found = sorted(name for name in names if Path(name).name in known)
    if len(found) == 1:
        return timelines[found[0]]
    if found:
        raise ManifestError(
            f"{path}: {len(found)} recordings in it are called {recording.name} ({', '.join(map(repr, found))}): take "
            "the others out, or name the recording by the path that stands there"
        )
    is_own = path.stem in (recording.name, recording.stem)
    if not timelines or (len(timelines) == 1 and (is_own or not names)):
        return next(iter(timelines.values()), Timeline())
    listed = [repr(name) for name in timelines]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    remedy = f"; if these labels are its own, call the file {recording.stem}{path.suffix}" if len(listed) == 1 else ""
    raise ManifestError(
        f"{path}: names no recording {recording.name!r}, only {', '.join(listed[:_SHOWN])}{more}: correct the name or "
        f"give this recording's labels{remedy}"
    )


def within(timeline: Timeline, duration_s: float, recording: Path) -> Timeline:
    """Returns labels cut at the ends of their recording.

    Raises:
        ManifestError: when they reach so far beyond that they cannot belong to it.
    """
    if len(timeline) and (timeline[0].start < 0 or timeline[-1].end > duration_s + _OVERHANG_S):
        raise ManifestError(
            f"{recording}: is {duration_s:.3f} s long, its labels reach from {timeline[0].start:.3f} s to "
            f"{timeline[-1].end:.3f} s; correct them or give each recording its own"
        )
    return timeline.crop(0.0, duration_s)
