"""Makes the manifests of this folder from a packed corpus: one file per source, checksums added.

    python data_manifests/build.py PACKED_CORPUS

The packed corpus holds `manifests/*.jsonl` (rows as in README.md) and the audio files that they name.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

from vad.manifests import Recording, read_manifests, write_manifest

# The packed corpus names some originals by the path inside one folder of their repository. To fetch them the
# whole path is needed; these folders were looked up in listings of the repositories.
ORIGIN_FOLDERS = {
    "audio-cmn": "64k/hsk",
    "donateacry": "donateacry_corpus_cleaned_and_updated_data",
    "freedoom": "sounds",
    "librispeech-100": "audio_data/librispeech_train-clean-100",
    "ovos-noises": "not-wake-words/noises",
    "ovos-words": "wake-words",
    "sonic-pi": "etc/samples",
    "speech-to-intent": "data/speech",
    "spoken-digits": "recordings",
    "wake-words": "audio",
}
# ESC-50 clips came by way of a collection that sorts them anew; they are fetched from their own home.
ESC_50 = ("https://github.com/karolpiczak/ESC-50", "f2fd956acf66ebd9ac7e2110711aa78dd684d042")


def with_origin(recording: Recording) -> Recording:
    """Returns the row with the place that its original can be fetched from."""
    path = recording.origin_path
    if path is None:
        return recording
    if recording.source.startswith("esc-50"):
        name = path.rsplit("/", 1)[-1]
        return replace(recording, origin=ESC_50[0], origin_commit=ESC_50[1], origin_path=f"audio/{name}")
    folder = ORIGIN_FOLDERS.get(recording.source)
    return recording if folder is None else replace(recording, origin_path=f"{folder}/{path}")


def build(packed: Path, output: Path) -> None:
    """Writes `<source>.jsonl.gz` for every source of a packed corpus, rows in the order of their ids.

    Args:
        packed: folder with `manifests/` and `audio/`.
        output: folder for the manifests.
    """
    sources: dict[str, list[Recording]] = {}
    checksums: dict[str, str] = {}
    for recording in sorted(read_manifests(["manifests/*.jsonl"], packed), key=lambda row: row.id):
        audio = recording.audio
        if audio not in checksums:
            checksums[audio] = hashlib.sha256((packed / audio).read_bytes()).hexdigest()
        row = replace(with_origin(recording), sha256=checksums[audio])
        sources.setdefault(recording.source, []).append(row)
    for source, rows in sources.items():
        write_manifest(output / f"{source}.jsonl.gz", rows)
    print(f"{len(sources)} manifests, {sum(map(len, sources.values()))} rows, {len(checksums)} audio files")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} PACKED_CORPUS")
    build(Path(sys.argv[1]), Path(__file__).parent)
