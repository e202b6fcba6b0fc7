"""What a manifest row is: its fields, the rules they keep, and the way to and from JSON values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from vad.errors import did_you_mean
from vad.segments import Timeline

KINDS = ("speech", "noise", "music", "nonverbal", "babble", "rir", "labelled")
SPLITS = ("train", "dev", "test")
TIERS = ("permissive", "share-alike")
MACHINE_LABELS = ("energy", "model", "energy-and-model")
"""Label sources of labels that nobody has looked at."""
LABEL_SOURCES = ("reference", *MACHINE_LABELS, "no-speech", "none")
HISTORY = "history"
"""The `origin_commit` of a file that stands in an older, unnamed commit only: nothing to fetch it by."""

# Durations are stored to the microsecond; a segment may end half of that behind its clip.
_ROUNDING_S = 5e-7


@dataclass(frozen=True, slots=True)
class Recording:
    """One row of a manifest: a clip, where its audio lies, what is said about it.

    Attributes:
        id: source and original path, unique over all manifests in use.
        audio: audio file, relative to the data home or to the manifest's own folder, with forward slashes.
        offset_s: where in that file the clip starts, in seconds.
        duration_s: length of the clip in seconds.
        kind: one of `KINDS`.
        speech: speech segments in seconds from the clip's start; empty when there is no speech, None when
            nobody has labelled the clip.
        label_source: one of `LABEL_SOURCES`.
        speaker: name of the speaker, unique over all sources, or None where unknown or several.
        language: language code, or None.
        split: one of `SPLITS`; a speaker is in one of them only.
        license: the licence as its authors state it.
        tier: one of `TIERS`.
        origin: address of the public repository it came from, or None for one's own recordings.
        origin_commit: commit in that repository, or ``history``.
        origin_path: path in that repository.
        sha256: checksum of the file `audio`, in hexadecimal digits, or None.
        origin_sha256: checksum of the original file, or None.
        folder: folder of the manifest that the row was read from; not a field of the file.
    """

    id: str
    audio: str
    offset_s: float
    duration_s: float
    kind: str
    speech: Timeline | None
    label_source: str
    speaker: str | None
    language: str | None
    split: str
    license: str
    tier: str
    origin: str | None = None
    origin_commit: str | None = None
    origin_path: str | None = None
    sha256: str | None = None
    origin_sha256: str | None = None
    folder: Path | None = field(default=None, compare=False, repr=False)

    @property
    def source(self) -> str:
        """The corpus that the recording belongs to: the first part of its id."""
        return self.id.split("/", 1)[0]

    def to_row(self) -> dict[str, object]:
        """Returns the JSON values of the row in the stated order of fields; absent checksums are left out."""
        row: dict[str, object] = {name: getattr(self, name) for name in FIELDS}
        if self.speech is not None:
            row["speech"] = [list(pair) for pair in self.speech.to_pairs()]
        for name in _CHECKSUMS:
            if row[name] is None:
                del row[name]
        return row


FIELDS = tuple(f.name for f in fields(Recording) if f.name != "folder")
"""Names of a row's fields, in the order in which they are written."""

_CHECKSUMS = ("sha256", "origin_sha256")
_OPTIONAL: Mapping[str, object] = {
    "offset_s": 0.0,
    "speaker": None,
    "language": None,
    **{f.name: f.default for f in fields(Recording) if f.default is not MISSING and f.name in FIELDS},
}


def recording_from_row(
    row: Mapping[str, object], folder: Path | None = None
) -> tuple[Recording | None, list[tuple[str, str]]]:
    """Checks the JSON values of one row and makes a recording of them.

    Args:
        row: field names and values, as they stand in the file.
        folder: folder of the manifest.

    Returns:
        The recording, or None when a rule is broken; and every problem as (field, what is wrong), where the text
        names the rule, the value received and the remedy.
    """
    problems = [
        (name, f"is no field of a manifest{did_you_mean(name, FIELDS)}; remove or rename it")
        for name in row
        if name not in FIELDS
    ]
    values: dict[str, object] = {}
    for name in FIELDS:
        if name not in row and name not in _OPTIONAL:
            problems.append((name, f"is missing; every row needs it: {_NEEDS[name]}"))
            continue
        value = row.get(name, _OPTIONAL.get(name))
        if not _RULES[name](value):
            hint = did_you_mean(value, _CHOICES[name]) if name in _CHOICES and isinstance(value, str) else ""
            problems.append((name, f"must be {_NEEDS[name]}; received {_short(value)}{hint}"))
            continue
        values[name] = value
    if "speech" in values and values["speech"] is not None:
        problems += _segment_problems(values)
    problems += _joint_problems(values)
    if problems:
        return None, problems
    speech = values["speech"]
    values["speech"] = None if speech is None else Timeline.from_pairs(speech)  # type: ignore[arg-type]
    values["offset_s"] = float(values["offset_s"])  # type: ignore[arg-type]
    values["duration_s"] = float(values["duration_s"])  # type: ignore[arg-type]
    return Recording(**values, folder=folder), []  # type: ignore[arg-type]


def _segment_problems(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Returns what is wrong with the order and the ends of the speech segments."""
    problems: list[tuple[str, str]] = []
    duration = values.get("duration_s", math.inf)
    previous = (0.0, 0.0)
    for start, end in values["speech"]:  # type: ignore[attr-defined]
        here = f"segment [{start}, {end}]"
        if not 0 <= start < end:
            problems.append(("speech", f"{here} must have 0 <= start < end; correct its times"))
            continue
        if end > duration + _ROUNDING_S:  # type: ignore[operator]
            problems.append(("speech", f"{here} ends after the clip of {duration} s; cut it at the clip's end"))
        if start < previous[0]:
            problems.append(("speech", f"{here} starts before the segment in front of it; sort the segments"))
        elif start < previous[1]:
            problems.append(("speech", f"{here} overlaps [{previous[0]}, {previous[1]}]; merge the two"))
        previous = (start, max(end, previous[1]))
    return problems


def _joint_problems(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Returns the problems of fields that do not go together."""
    problems: list[tuple[str, str]] = []
    if "speech" in values and "label_source" in values:
        speech, source = values["speech"], values["label_source"]
        if (speech is None) != (source == "none"):
            problems.append(
                ("label_source", f"is {source!r} while speech is {_short(speech)}; 'none' goes with null and only so")
            )
        elif speech and source == "no-speech":
            problems.append(("label_source", "is 'no-speech' while there are segments; say 'reference' or empty them"))
    if values.get("kind") == "labelled" and "speech" in values and values["speech"] is None:
        problems.append(("speech", "is null in a row of kind 'labelled'; give the segments or another kind"))
    origin = [name for name in ("origin", "origin_commit", "origin_path") if name in values]
    known = [name for name in origin if values[name] is not None]
    if len(origin) == 3 and known and len(known) < 3:
        absent = ", ".join(name for name in origin if name not in known)
        problems.append((known[0], f"is given without {absent}; the three say together where the file came from"))
    return problems


def _short(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() == value != "" and value.isprintable()


def _is_segments(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair)) for pair in value
    )


def _is_relative(value: object) -> bool:
    if not isinstance(value, str) or not value.isprintable() or "\\" in value:
        return False
    path = PurePosixPath(value)
    return bool(path.parts) and not path.is_absolute() and ":" not in path.parts[0]


def _is_inside(value: object) -> bool:
    return _is_relative(value) and ".." not in PurePosixPath(str(value)).parts


def _is_repository(value: object) -> bool:
    if not isinstance(value, str) or not value.isprintable():
        return False
    parts = urlsplit(value)
    names = parts.path.strip("/").split("/")
    inside = all(name and set(name) != {"."} for name in names)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(names) == 2 and inside


def _matches(pattern: str) -> Callable[[object], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _one_of(choices: tuple[str, ...]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in choices


def _or_null(rule: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or rule(value)


_CHOICES = {"kind": KINDS, "split": SPLITS, "tier": TIERS, "label_source": LABEL_SOURCES}
_TEXT = "text without line breaks or spaces around it"
_SHA256 = "64 hexadecimal digits in lower case, or null"
# Field → what it must be, in words for messages, and the same as a test of the JSON value.
_TABLE: dict[str, tuple[str, Callable[[object], bool]]] = {
    "id": (_TEXT, _is_text),
    "audio": ("a relative path with forward slashes", _is_relative),
    "offset_s": ("a number of seconds, 0 or more", lambda v: _is_number(v) and v >= 0),  # type: ignore[operator]
    "duration_s": ("a number of seconds above 0", lambda v: _is_number(v) and v > 0),  # type: ignore[operator]
    "speech": ("a list of [start, end] pairs in seconds, or null when not labelled", _or_null(_is_segments)),
    "speaker": (f"{_TEXT}, or null", _or_null(_is_text)),
    "language": (f"{_TEXT}, or null", _or_null(_is_text)),
    "license": (_TEXT, _is_text),
    "origin": ("an address https://host/owner/repository, or null", _or_null(_is_repository)),
    "origin_commit": (f"a commit, {HISTORY!r} or null", _or_null(_matches(r"[0-9A-Za-z][0-9A-Za-z._-]*"))),
    "origin_path": ("a path inside the repository, or null", _or_null(_is_inside)),
    **{name: (_SHA256, _or_null(_matches("[0-9a-f]{64}"))) for name in _CHECKSUMS},
    **{name: (f"one of {', '.join(choices)}", _one_of(choices)) for name, choices in _CHOICES.items()},
}
_NEEDS = {name: words for name, (words, _) in _TABLE.items()}
_RULES = {name: rule for name, (_, rule) in _TABLE.items()}
