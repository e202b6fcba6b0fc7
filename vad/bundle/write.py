"""Writes the folder of `vad export --bundle`."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from vad.artifact import Artifact, load_artifact
from vad.decision import DecisionRule
from vad.errors import ModelError
from vad.files import replacing

MODEL_NAME = "vad.tflite"
METADATA_NAME = "vad.json"
PLATFORMS: Final = ("android", "ios", "c", "web")
# Where each platform looks for the model and its description.
_MODEL_FOLDERS: Final[Mapping[str, str]] = MappingProxyType(
    {"android": "src/main/assets", "ios": "Sources/Vad/Resources", "c": ".", "web": "."}
)
# Written once, in the room of the pictures: the decision in JavaScript and the colours.
_SHARED_WITH_PICTURES: Final = ("decision.js", "theme.css")
_DIGEST = "@DIGEST@"


@dataclass(frozen=True)
class BundleReport:
    """What was written.

    Args:
        folder: the bundle.
        n_files: files in it.
        size: of all of them in bytes.
    """

    folder: Path
    n_files: int
    size: int


def write_bundle(model: Path, folder: Path) -> BundleReport:
    """Writes the model and the code for every platform.

    Args:
        model: the `.tflite` of `vad export`.
        folder: where to; made if need be. Files of an earlier bundle are replaced, others in it are left alone.

    Raises:
        ModelError: when the model cannot be read, has no signature of one frame per call that takes audio, or when
            `folder` is a file.
    """
    artifact = load_artifact(model)
    _check_signature(artifact)
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder}: the bundle needs a folder, found a file: give another path")
    written = [folder / MODEL_NAME, folder / METADATA_NAME]
    _write_model(model, artifact, folder)
    _write(folder / "README.md", resources.files("vad.bundle").joinpath("README.md").read_bytes())
    written.append(folder / "README.md")
    for platform in PLATFORMS:
        target = folder / platform
        files = list(_platform_files(platform))
        digest = _digest(artifact, files)
        for path, content in files:
            _write(target / path, content.replace(_DIGEST.encode(), digest.encode()))
            written.append(target / path)
        home = target / _MODEL_FOLDERS[platform]
        _write_model(model, artifact, home)
        written += [home / MODEL_NAME, home / METADATA_NAME]
    _write(folder / "c" / "vad_model.h", _c_header(artifact).encode())
    written.append(folder / "c" / "vad_model.h")
    return BundleReport(folder, len(written), sum(path.stat().st_size for path in written))


def _check_signature(artifact: Artifact) -> None:
    if "audio_1" not in artifact.metadata.signatures:
        raise ModelError(
            f"{artifact.name}: a bundle needs the signature audio_1, found "
            f"{', '.join(artifact.metadata.signatures)}: export with --input audio and one frame per call"
        )


def _digest(artifact: Artifact, files: list[tuple[Path, bytes]]) -> str:
    """Returns what names a bundle: other code around the same model is another one, or browsers keep the former."""
    found = hashlib.sha256(artifact.digest.encode())
    for path, content in files:
        found.update(f"{path.as_posix()} {len(content)} ".encode() + content)
    return found.hexdigest()[:16]


def _platform_files(platform: str) -> Iterator[tuple[Path, bytes]]:
    yield from _files(resources.files("vad.bundle").joinpath(platform), Path())
    if platform == "web":
        assets = resources.files("vad.pictures").joinpath("assets")
        for name in _SHARED_WITH_PICTURES:
            yield Path(name), assets.joinpath(name).read_bytes()


def _files(folder: Traversable, at: Path) -> Iterator[tuple[Path, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        if entry.is_dir():
            yield from _files(entry, at / entry.name)
        else:
            yield at / entry.name, entry.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _write_model(model: Path, artifact: Artifact, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / MODEL_NAME).resolve() != model.resolve():
        with replacing(folder / MODEL_NAME) as temporary:
            shutil.copyfile(model, temporary)
    fields: dict[str, Any] = {**artifact.metadata.to_dict(), "sha256": artifact.digest}
    _write(folder / METADATA_NAME, (json.dumps(fields, indent=1, ensure_ascii=False) + "\n").encode())


def _c_header(artifact: Artifact) -> str:
    """Returns what C needs to know of the model, as it has no reader of JSON."""
    metadata = artifact.metadata
    grid = metadata.features.grid
    rule = ",\n".join(f"    .{name} = {0.0 if value is None else value!r}" for name, value in _rule(metadata.decision))
    return f"""/* Made by `vad export --bundle` for the model {artifact.digest[:16]}. */
#ifndef VAD_MODEL_H
#define VAD_MODEL_H

#include "vad.h"

#define VAD_MODEL_SIGNATURE "audio_1"
#define VAD_MODEL_LOOKAHEAD_FRAMES {metadata.lookahead_frames}

static const vad_grid VAD_MODEL_GRID = {{
    .sample_rate = {grid.sample_rate}, .win_length = {grid.win_length}, .hop_length = {grid.hop_length}}};

static const vad_rule VAD_MODEL_RULE = {{
{rule}}};

#endif
"""


def _rule(rule: DecisionRule) -> Iterator[tuple[str, float | None]]:
    for field in dataclasses.fields(rule):
        yield field.name, getattr(rule, field.name)
