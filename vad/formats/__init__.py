"""Speech segments in files: JSON, CSV, RTTM, Audacity labels, TextGrid, SRT, WebVTT, Kaldi, frames; read and written.

One module a format, with ``read(text, where) -> list[Span]`` and ``write(entries, provenance) -> str``. Times come back
exact to the sample at 16 kHz (six decimals); SRT and WebVTT have milliseconds. JSON, JSON lines and CSV can also be
written in milliseconds or samples (`UNITS`). Reading is tolerant where tools
differ and strict, with line numbers, in everything else; which labels are speech is the caller's choice.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vad.errors import ConfigError, ManifestError, did_you_mean
from vad.files import replacing
from vad.formats import audacity, csv, frames, json, jsonl, kaldi, rttm, srt, textgrid, webvtt
from vad.formats.spans import NOT_SPEECH, UNITS, Entry, Provenance, Span, SpeechLabels
from vad.segments import Timeline

__all__ = [
    "FORMATS",
    "NOT_SPEECH",
    "UNITS",
    "Entry",
    "Format",
    "Provenance",
    "Span",
    "SpeechLabels",
    "find_format",
    "read_labels",
    "read_spans",
    "read_timelines",
    "write_labels",
]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of label files.

    Args:
        name: as it is asked for.
        suffixes: of its files, in lower case; the first is the one to write.
        read: text and the file's name to spans.
        write: entries and provenance to text.
        several: whether one file holds several recordings.
        units: whether `write` takes another ``unit`` than seconds.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[str, str], list[Span]]
    write: Callable[..., str]
    several: bool = False
    units: bool = False


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("json", (".json",), json.read, json.write, several=True, units=True),
        Format("jsonl", (".jsonl",), jsonl.read, jsonl.write, several=True, units=True),
        Format("csv", (".csv", ".tsv"), csv.read, csv.write, several=True, units=True),
        Format("rttm", (".rttm",), rttm.read, rttm.write, several=True),
        Format("audacity", (".txt",), audacity.read, audacity.write),
        Format("textgrid", (".textgrid",), textgrid.read, textgrid.write),
        Format("srt", (".srt",), srt.read, srt.write),
        Format("vtt", (".vtt",), webvtt.read, webvtt.write),
        Format("kaldi", (".segments",), kaldi.read, kaldi.write, several=True),
        Format("frames", (".frames",), frames.read, frames.write, several=True),
    )
}
"""The formats by name."""


def find_format(name: str | None = None, path: str | Path | None = None) -> Format:
    """Returns a format by its name, else by the suffix of a path.

    Raises:
        ConfigError: when there is none, with the nearest name.
    """
    if name is not None:
        if name not in FORMATS:
            raise ConfigError(
                f"format must be one of {', '.join(FORMATS)}; received {name!r}{did_you_mean(name, FORMATS)}"
            )
        return FORMATS[name]
    # A file that bears but the name of a suffix is of its kind: Kaldi's are named `segments`.
    suffix = (Path(path).suffix or f".{Path(path).name}").lower() if path is not None else ""
    for entry in FORMATS.values():
        if suffix in entry.suffixes:
            return entry
    suffixes = ", ".join(suffix for entry in FORMATS.values() for suffix in entry.suffixes)
    raise ConfigError(f"{path}: no format of label files has this suffix; name the format, or use one of {suffixes}")


def read_spans(path: str | Path, *, format: str | None = None) -> list[Span]:
    """Returns all that a label file states, speech or not, in its order.

    Args:
        path: the file, in UTF-8, UTF-16 with a byte order mark, or Latin-1.
        format: a name in `FORMATS`; None goes by the suffix.

    Raises:
        ConfigError: when the format is not known.
        ManifestError: when the file cannot be read, with line numbers where its content is wrong.
    """
    entry = find_format(format, path)
    return entry.read(_read_text(Path(path)), str(path))


def read_timelines(
    path: str | Path, *, format: str | None = None, speech: SpeechLabels | None = None
) -> dict[str, Timeline]:
    """Returns the speech of each recording that a label file names.

    Args:
        path: the file.
        format: a name in `FORMATS`; None goes by the suffix.
        speech: which labels and tiers are speech; None for `SpeechLabels()`.

    Returns:
        Timelines by the recording's name as the file has it, which is empty in formats that hold one recording.

    Raises:
        ConfigError: when the format is not known.
        ManifestError: as in `read_spans`.
    """
    spans = read_spans(path, format=format)
    timelines = (SpeechLabels() if speech is None else speech).select(spans, str(path))
    if not timelines and not find_format(format, path).several:
        return {"": Timeline()}
    return timelines


def read_labels(
    path: str | Path,
    *,
    format: str | None = None,
    speech: SpeechLabels | None = None,
    recording: str | None = None,
) -> Timeline:
    """Returns the speech of one recording.

    Args:
        path: the label file.
        format: a name in `FORMATS`; None goes by the suffix.
        speech: which labels and tiers are speech; None for `SpeechLabels()`.
        recording: whose segments, in files that hold several recordings; None where there is but one.

    Returns:
        The segments; of a file without any, an empty timeline.

    Raises:
        ConfigError: when the format is not known.
        ManifestError: when the file cannot be read, or `recording` is not in it, or is needed.
    """
    timelines = read_timelines(path, format=format, speech=speech)
    if recording is not None:
        if recording not in timelines:
            hint = did_you_mean(recording, timelines)
            raise ManifestError(f"{path}: no recording {recording!r}{hint} among the {len(timelines)} in it")
        return timelines[recording]
    if len(timelines) > 1:
        names = ", ".join(map(repr, list(timelines)[:5]))
        raise ManifestError(f"{path}: holds {len(timelines)} recordings ({names} …): say which one")
    return next(iter(timelines.values()), Timeline())


def write_labels(
    path: str | Path, entries: Sequence[Entry], *, format: str | None = None, provenance: Provenance | None = None
) -> None:
    """Writes segments to a file, which appears whole or not at all.

    Args:
        path: the file.
        entries: the recordings; exactly one in formats that hold one.
        format: a name in `FORMATS`; None goes by the suffix.
        provenance: what made them, for formats with room for it.

    Raises:
        ConfigError: when the format is not known, or holds one recording and there are more.
    """
    text = find_format(format, path).write(entries, provenance)
    with replacing(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in data:
        raise ManifestError(f"{path}: not a text file")
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        # Old tools write the encoding of their place; times and names in ASCII read the same in all of them.
        return data.decode("latin-1")
