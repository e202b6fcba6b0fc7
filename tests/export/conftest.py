"""The variants of one small network, and what they are proved on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from vad.artifact import QUANTIZATIONS, Artifact, Metadata, load_artifact
from vad.export.calibration import calibrate
from vad.export.evidence import Evidence, find_evidence, find_rows, real_speech
from vad.export.quantize import Range, quantize


@pytest.fixture(scope="session")
def evidence(repository) -> Evidence:
    """Speech that came with the repository."""
    return find_evidence(find_rows([repository / "data_manifests" / "tiny.jsonl.gz"]), 16000)


@pytest.fixture(scope="session")
def calibration(repository) -> Evidence:
    return real_speech(find_rows([repository / "data_manifests" / "tiny.jsonl.gz"]), 16000)


@pytest.fixture(scope="session")
def others(energy_model, energy_artifact) -> dict[str, Artifact]:
    """Float32 models in the other two ways: of features, and with LiteRT's own transform."""
    from vad.export.convert import convert_step_model, signature_table
    from vad.models import StepModel

    spec = load_artifact(energy_artifact).metadata.features
    found = {}
    for name, source, dft in (("features", "features", "matmul"), ("rfft", "audio", "rfft")):
        step_model = StepModel(energy_model, spec, source=source, dft=dft)
        metadata = Metadata(
            features=spec,
            lookahead_frames=4,
            states=step_model.state_shapes,
            signatures=signature_table((1, 4), source),
            input=source,
            dft=dft,
        )
        found[name] = Artifact(metadata, convert_step_model(step_model, (1, 4)), name)
    return found


@pytest.fixture(scope="session")
def ranges(energy_artifact, calibration) -> dict[str, Range]:
    artifact = load_artifact(energy_artifact)
    return calibrate(artifact.flatbuffer, artifact.metadata, calibration.samples)


@pytest.fixture(scope="session")
def variant(energy_artifact, others, ranges) -> Callable[[str, str], Artifact]:
    """Makes a variant: one of ``matmul``, ``rfft``, ``features``, with one of `QUANTIZATIONS`."""
    sources = {"matmul": load_artifact(energy_artifact), **others}

    def make(kind: str, quantization: str) -> Artifact:
        source = sources[kind]
        metadata = dataclasses.replace(source.metadata, quantization=quantization)
        assert quantization in QUANTIZATIONS
        return Artifact(metadata, quantize(source.flatbuffer, quantization, ranges), f"{kind}-{quantization}")

    return make
