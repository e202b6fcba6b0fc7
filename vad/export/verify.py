"""Proves an artifact against the network that it was made from, on real speech where there is some."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact, Metadata
from vad.decision import decide
from vad.detector import Detector
from vad.errors import ModelError, NonFiniteError
from vad.export.evidence import Evidence
from vad.export.limits import LIMITS, Limit
from vad.features.offline import log_mel
from vad.labels import timeline_to_labels
from vad.metrics import FramePool
from vad.stream import Stream

if TYPE_CHECKING:
    import keras

_MAX_CHUNK = 4000


@dataclass(frozen=True)
class Verification:
    """How an artifact compares with the network.

    Args:
        max_difference: largest difference between posteriors.
        changed_share: share of the frames whose decision changes, by the artifact's own rule.
        auc: area under the artifact's ROC curve; None where the evidence has speech alone, or none.
        auc_change: that area less the network's; None likewise.
        duration_s: how much audio was compared, in seconds, as one stream.
        origin: of the audio, in words.
    """

    max_difference: float
    changed_share: float
    auc: float | None
    auc_change: float | None
    duration_s: float
    origin: str

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as they stand in an artifact's metadata."""
        return dataclasses.asdict(self)


def verify(
    model: keras.Model, artifact: Artifact, evidence: Evidence, *, max_difference: float | None = None
) -> Verification:
    """Runs an artifact in LiteRT against the sequence model in Keras with librosa's frames.

    Args:
        model: from `vad.models.build_model`.
        artifact: what was exported from it.
        evidence: the audio to compare on.
        max_difference: the largest difference between posteriors that is let pass; None: as `LIMITS` has it.

    Raises:
        ModelError: when a posterior is not finite, a deviation exceeds the variant's limit, or a stream in chunks
            differs from the whole.
    """
    detector = Detector(artifact)
    wanted = network_posteriors(model, artifact, evidence.samples)
    try:
        found = detector.posteriors(evidence.samples).values
        streamed = _streamed(detector.stream(artifact.metadata.features.sample_rate), evidence.samples)
    except NonFiniteError as error:
        raise ModelError(f"{artifact.name}: {error}") from error
    if not np.isfinite(wanted).all():
        raise ModelError("the network gives posteriors that are not finite; train it again")
    if not np.array_equal(found, streamed):
        raise ModelError(
            f"{artifact.name}: streamed in chunks, posteriors differ by {float(np.abs(found - streamed).max()):.2g} "
            "from the whole recording; they must be equal"
        )
    result = compare(found, wanted, artifact.metadata, evidence)
    limit = LIMITS[artifact.metadata.quantization]
    if max_difference is not None:
        limit = dataclasses.replace(limit, max_difference=max_difference)
    at = int(np.abs(found - wanted).argmax())
    example = f"frame {at} of {evidence.origin} is {found[at]:.6f}, wanted {wanted[at]:.6f}"
    _check(result, limit, artifact, example)
    return result


def compare(
    found: NDArray[np.float32], wanted: NDArray[np.float32], metadata: Metadata, evidence: Evidence
) -> Verification:
    """Returns how posteriors ``(frames,)`` of the evidence compare with others."""
    grid, n_samples = metadata.features.grid, len(evidence.samples)
    decisions = [
        timeline_to_labels(decide(values, metadata.decision, grid, n_samples), len(values), grid)[0]
        for values in (found, wanted)
    ]
    auc, wanted_auc = (_auc(values, evidence.labels(grid)) for values in (found, wanted))
    known = math.isfinite(auc)
    return Verification(
        max_difference=float(np.abs(found - wanted).max()),
        changed_share=float(np.mean(decisions[0] != decisions[1])),
        auc=auc if known else None,
        auc_change=auc - wanted_auc if known else None,
        duration_s=n_samples / grid.sample_rate,
        origin=evidence.origin,
    )


def _auc(values: NDArray[np.float32], labels: NDArray[np.bool_]) -> float:
    pool = FramePool()
    pool.add(labels, values)
    return pool.curve().auc()


def _check(result: Verification, limit: Limit, artifact: Artifact, example: str) -> None:
    """Refuses an artifact that is beyond its limit."""
    variant = artifact.metadata.quantization
    remedy = "" if variant in ("none", "float16") else "; --quantize float16 changes less"
    allowed = f"is allowed with quantization {variant} ({limit.reason})"
    if result.max_difference > limit.max_difference:
        raise ModelError(
            f"{artifact.name}: in LiteRT a posterior differs by {result.max_difference:.2g} from Keras, at most "
            f"{limit.max_difference:g} {allowed}: {example}"
        )
    if result.changed_share > limit.changed_share:
        raise ModelError(
            f"{artifact.name}: in LiteRT {result.changed_share:.2%} of the decisions differ from Keras, at most "
            f"{limit.changed_share:.1%} {allowed}: {result.origin}"
        )
    if result.auc_change is not None and abs(result.auc_change) > limit.auc_change:
        raise ModelError(
            f"{artifact.name}: in LiteRT the area under the ROC curve changes by {result.auc_change:+.4f} against "
            f"Keras, at most {limit.auc_change:g} {allowed}: {result.origin}{remedy}"
        )


def network_posteriors(model: keras.Model, artifact: Artifact, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns what the network in Keras says of a recording, look-ahead taken out, float32 ``(frames,)``."""
    import tensorflow as tf

    metadata = artifact.metadata
    silence = np.zeros(metadata.lookahead_frames * metadata.features.hop_length, np.float32)
    frames = log_mel(np.concatenate([samples, silence]), metadata.features)
    with tf.device("/CPU:0"):
        # As a graph: called directly, the recurrence is a loop of Python, twenty times slower.
        logits = np.asarray(tf.function(model)(tf.constant(frames[np.newaxis]), training=False))[0]
    with np.errstate(over="ignore"):  # exp(-logit) may be infinite, and the posterior is then 0
        posteriors: NDArray[np.float32] = 1 / (1 + np.exp(-logits.astype(np.float32)))
    return posteriors[metadata.lookahead_frames :]


def _streamed(stream: Stream, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the posteriors of a recording that comes in chunks of any size."""
    rng = np.random.default_rng(0)
    parts, at = [], 0
    while at < len(samples):
        size = int(rng.integers(1, _MAX_CHUNK))
        parts.append(stream.push(samples[at : at + size]).posteriors)
        at += size
    return np.concatenate([*parts, stream.flush().posteriors])
