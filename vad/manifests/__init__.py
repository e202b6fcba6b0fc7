"""Manifests: JSONL files with one row per recording, with its labels, licence and origin.

`rows` says what a row is and which rules it keeps, `read` and `write` are the two directions between rows and
files, `resolve` finds the audio that a row names.
"""

from __future__ import annotations

from vad.manifests.read import (
    Problem,
    Scan,
    duplicate_ids,
    find_manifests,
    read_manifest,
    read_manifests,
    scan_manifest,
)
from vad.manifests.resolve import Clip, absence, cache_home, data_home, found_clip, original_path, packed_path, resolve
from vad.manifests.rows import HISTORY, KINDS, LABEL_SOURCES, MACHINE_LABELS, SPLITS, TIERS, Recording
from vad.manifests.write import write_manifest

__all__ = [
    "HISTORY",
    "KINDS",
    "LABEL_SOURCES",
    "MACHINE_LABELS",
    "SPLITS",
    "TIERS",
    "Clip",
    "Problem",
    "Recording",
    "Scan",
    "absence",
    "cache_home",
    "data_home",
    "duplicate_ids",
    "find_manifests",
    "found_clip",
    "original_path",
    "packed_path",
    "read_manifest",
    "read_manifests",
    "resolve",
    "scan_manifest",
    "write_manifest",
]
