"""Laws of per-channel energy normalisation in a `.tflite`: built in, the network's numbers, rounded as finely."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vad.artifact import Artifact, Metadata
from vad.detector import Detector
from vad.export.calibration import calibrate
from vad.export.convert import check_ops, convert_step_model, signature_table
from vad.export.evidence import find_evidence, find_rows, real_speech
from vad.export.limits import LIMITS
from vad.export.quantize import quantize
from vad.export.verify import network_posteriors, verify
from vad.features.spec import FeatureSpec
from vad.models import StepModel, StepWeights

SPEC = FeatureSpec()
COMPRESSIONS = ("pcen", "both")


@pytest.fixture(scope="module")
def rows(repository):
    return find_rows([repository / "data_manifests" / "tiny.jsonl.gz"])


@pytest.fixture(scope="module")
def evidence(rows):
    found = find_evidence(rows, SPEC.sample_rate)
    return dataclasses.replace(found, samples=found.samples[: 15 * SPEC.sample_rate])


@pytest.fixture(scope="module")
def models(network):
    return {compression: network(compression=compression) for compression in COMPRESSIONS}


@pytest.fixture(scope="module")
def artifacts(models):
    def artifact(compression: str) -> Artifact:
        step = StepModel(models[compression], SPEC)
        metadata = Metadata(SPEC, 4, step.state_shapes, signature_table((1, 4)))
        return Artifact(metadata, convert_step_model(step, (1, 4)), compression)

    return {compression: artifact(compression) for compression in COMPRESSIONS}


@pytest.mark.parametrize("quantization", ["none", "float16", "dynamic", "int8"])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_variants_are_built_in_and_near_the_network(compression, quantization, artifacts, models, evidence, rows):
    source = artifacts[compression]
    ranges = {}
    if quantization == "int8":
        ranges = calibrate(source.flatbuffer, source.metadata, real_speech(rows, SPEC.sample_rate).samples)
    metadata = dataclasses.replace(source.metadata, quantization=quantization)
    artifact = Artifact(metadata, quantize(source.flatbuffer, quantization, ranges), quantization)
    assert not {"WHILE", "CUSTOM"} & set(check_ops(artifact.flatbuffer, metadata))
    wanted = network_posteriors(models[compression], artifact, evidence.samples)
    found = Detector(artifact).posteriors(evidence.samples).values
    np.testing.assert_allclose(found, wanted, atol=LIMITS[quantization].max_difference)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_stream_in_chunks_is_the_whole(compression, artifacts, models, evidence):
    assert verify(models[compression], artifacts[compression], evidence).max_difference < 1e-5


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_recordings_level_does_not_matter_where_it_cannot_be_seen(compression, artifacts):
    detector = Detector(artifacts[compression])
    envelope = 0.2 + np.sin(np.arange(5 * SPEC.sample_rate) / 3000) ** 2
    samples = (envelope * np.random.default_rng(0).normal(0, 0.1, len(envelope))).astype(np.float32)
    loud, quiet = (detector.posteriors(samples * np.float32(gain)).values for gain in (1.0, 0.2))
    difference = float(np.abs(loud - quiet).max())
    assert (difference < 0.02) == (compression == "pcen"), difference


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_weights_can_be_read_back(compression, artifacts, models):
    wanted = StepWeights.from_model(models[compression]).to_named()
    found = StepWeights.from_flatbuffer(artifacts[compression].flatbuffer).to_named()
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)
