"""Writing manifests: the same rows always give the same bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

from vad.errors import ManifestError, one_a_line
from vad.files import replacing
from vad.manifests.rows import Recording, recording_from_row


def write_manifest(path: Path | str, rows: Iterable[Recording]) -> None:
    """Writes a manifest whole or not at all.

    Fields come in their stated order, text in UTF-8; a ``.gz`` carries neither time nor name, so that the bytes
    depend on the rows alone. The order of the rows is kept.

    Args:
        path: the file, ``.jsonl`` or ``.jsonl.gz``; its folder is made when absent.
        rows: the recordings.

    Raises:
        ManifestError: when the name has another ending, there is no row, a row breaks a rule, or two share an id.
    """
    path = Path(path)
    if not path.name.endswith((".jsonl", ".jsonl.gz")):
        raise ManifestError(f"{path}: a manifest is a .jsonl or .jsonl.gz file; rename the output")
    lines: list[str] = []
    problems: list[str] = []
    seen: set[str] = set()
    for recording in rows:
        row = recording.to_row()
        _, found = recording_from_row(row)
        problems += [f"{path}: {recording.id!r}: {name} {message}" for name, message in found]
        if recording.id in seen:
            problems.append(f"{path}: {recording.id!r}: id is given to two rows; ids are unique")
        seen.add(recording.id)
        lines.append(json.dumps(row, ensure_ascii=False))
    if not lines:
        problems.append(f"{path}: there is no row to write; a manifest needs at least one")
    if problems:
        raise ManifestError(one_a_line(problems, "correct these first", str(path)))
    data = "".join(f"{line}\n" for line in lines).encode("utf-8")
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(data, mtime=0) if path.name.endswith(".gz") else data)
