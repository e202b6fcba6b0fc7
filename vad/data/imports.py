"""One's own recordings: a folder of audio, with labels beside it, becomes a manifest."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vad.audio import find_audio, read_info
from vad.data.labelfiles import LabelFiles
from vad.errors import AudioError, ConfigError, ManifestError, one_a_line
from vad.formats import SpeechLabels
from vad.formats.belonging import within
from vad.manifests import Recording
from vad.segments import Timeline

_SPOKEN_KINDS = ("speech", "labelled")

SpeakerFrom = Literal["none", "folder", "name", "prefix"]
Unlabelled = Literal["error", "skip", "no-speech"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What is said of all recordings of a folder.

    Attributes:
        source: name of the corpus, the first part of every id.
        kind: one of the manifest's kinds.
        split: ``train``, ``dev`` or ``test``.
        license: their licence.
        tier: ``permissive`` or ``share-alike``.
        language: language code, or None.
        labels_format: name of a label format, ``auto`` to go by the files' names, ``none`` when there are no
            labels: speech is then not labelled yet, every other kind has no speech.
        speaker_from: what names the speaker: nothing, the recording's ``folder``, its whole ``name``, or the
            ``prefix`` of its name up to the first ``_`` or ``-``.
        unlabelled: what a recording without labels is, where others have some: an error, left out, or no speech
            (as RTTM files tell it).
        labels: folder or file that holds the labels; the recordings' own folder when None.
        speech: which labels and tiers are speech; None for the usual names of silence and noise not to be.
    """

    source: str
    kind: str = "labelled"
    split: str = "train"
    license: str = "own recordings"
    tier: str = "permissive"
    language: str | None = None
    labels_format: str = "auto"
    speaker_from: SpeakerFrom = "none"
    unlabelled: Unlabelled = "error"
    labels: Path | None = None
    speech: SpeechLabels | None = None


def import_folder(folder: Path, output: Path, options: ImportOptions) -> list[Recording]:
    """Makes a manifest's rows of the recordings in a folder; nothing is written.

    Labels stand in a file of the same name beside a recording, or in an RTTM file for many of them.

    Args:
        folder: searched in depth.
        output: the manifest to be; its folder is what audio paths are relative to.
        options: what is said of all of them.

    Returns:
        The rows, sorted by path.

    Raises:
        AudioError: when there is no recording.
        ConfigError: when `labelled` recordings are said to have no labels.
        ManifestError: naming every recording that cannot be read, every label file that cannot be, every recording
            without labels, and every label without a recording; or when recordings of a kind that holds no speech are
            labelled with some.
    """
    if options.kind == "labelled" and options.labels_format == "none":
        raise ConfigError("kind 'labelled' does not go with labels_format 'none'; say what they are: speech, noise, …")
    recordings = find_audio([folder])
    labels: Mapping[Path, Timeline] = {}
    problems: list[str] = []
    unread: set[Path] = set()
    if options.labels_format != "none":
        files = LabelFiles(
            folder, recordings, labels=options.labels, format=options.labels_format, speech=options.speech
        )
        labels, problems, unread = files.timelines, files.problems, files.unread
    rows: list[Recording] = []
    for path in recordings:
        if path in unread:
            continue
        try:
            row = _row(path, folder, output, labels, options)
        except (AudioError, ManifestError) as error:
            problems.append(str(error))
            continue
        if row is not None:
            rows.append(row)
    if problems:
        raise ManifestError(one_a_line(problems, "correct these first"))
    _refuse_speech(rows, options.kind)
    return rows


def _refuse_speech(rows: Sequence[Recording], kind: str) -> None:
    """Refuses labelled speech in recordings of a kind that is mixed into others as what is not speech."""
    spoken = [row for row in rows if row.speech]
    if kind in _SPOKEN_KINDS or not spoken:
        return
    raise ManifestError(
        f"{spoken[0].id}: is labelled as speech, as {len(spoken)} of {len(rows)} recordings are, and kind {kind!r} "
        "holds none; give --kind labelled, or --labels-format none when nobody speaks in them"
    )


def _row(
    path: Path, folder: Path, output: Path, labels: Mapping[Path, Timeline], options: ImportOptions
) -> Recording | None:
    duration_s = round(read_info(path).duration_s, 6)
    if path in labels:
        speech, source = within(labels[path], duration_s, path), "reference"
    elif options.labels_format == "none" and options.kind == "speech":
        speech, source = None, "none"
    elif options.labels_format == "none" or options.unlabelled == "no-speech":
        speech, source = Timeline(), "no-speech"
    elif options.unlabelled == "skip":
        return None
    else:
        raise ManifestError(
            f"{path}: has no labels; put them beside it under the same name, give --unlabelled skip or no-speech, "
            "or --labels-format none when the whole folder has none"
        )
    return recording_row(path, path.relative_to(folder), output, options, (speech, source))


def recording_row(
    path: Path, inside: Path, output: Path, options: ImportOptions, labels: tuple[Timeline | None, str]
) -> Recording:
    """Makes the row of one recording, which is a file of its own.

    Args:
        path: of the audio.
        inside: what it is called in its corpus.
        output: the manifest to be; its folder is what the audio's path is relative to.
        options: what is said of all of them.
        labels: the speech, and who says so.

    Raises:
        AudioError: when it cannot be read.
        ManifestError: when its path does not name a speaker and should.
    """
    duration_s = round(read_info(path).duration_s, 6)
    with path.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    speaker = _speaker(inside, options.speaker_from)
    return Recording(
        id=f"{options.source}/{inside.as_posix()}",
        audio=Path(os.path.relpath(path.resolve(), output.parent.resolve())).as_posix(),
        offset_s=0.0,
        duration_s=duration_s,
        kind=options.kind,
        speech=labels[0],
        label_source=labels[1],
        speaker=None if speaker is None else f"{options.source}/{speaker}",
        language=options.language,
        split=options.split,
        license=options.license,
        tier=options.tier,
        sha256=checksum,
    )


def _speaker(inside: Path, speaker_from: SpeakerFrom) -> str | None:
    if speaker_from == "none":
        return None
    if speaker_from == "name":
        return inside.stem
    if speaker_from == "prefix":
        return re.split(r"[_-]", inside.stem, maxsplit=1)[0]
    if inside.parent == Path():
        raise ManifestError(
            f"{inside}: lies in no folder that could name its speaker; give --speaker-from name or none"
        )
    return inside.parent.as_posix()
