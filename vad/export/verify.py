"""Proves an artifact against the network that it was made from, on real speech where there is some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact
from vad.detector import Detector
from vad.errors import ModelError, NonFiniteError
from vad.features.offline import log_mel
from vad.stream import Stream

if TYPE_CHECKING:
    import keras

    from vad.config.data import DataConfig
    from vad.manifests import Clip

_N_CLIPS = 12
_CLIP_S = 6.0
_PAUSE_S = 0.5
_MAX_CHUNK = 4000


@dataclass(frozen=True, eq=False)
class Evidence:
    """What an artifact is proved on.

    Args:
        samples: float32 mono ``(n,)`` at the sample rate of the features.
        origin: where they come from, in words.
    """

    samples: NDArray[np.float32]
    origin: str


@dataclass(frozen=True)
class Verification:
    """How an artifact compares with the network.

    Args:
        max_difference: largest difference between posteriors.
        duration_s: how much audio was compared, in seconds.
        origin: of the audio, in words.
    """

    max_difference: float
    duration_s: float
    origin: str


def verify(model: keras.Model, artifact: Artifact, evidence: Evidence, *, max_difference: float) -> Verification:
    """Runs an artifact in LiteRT against the sequence model in Keras with librosa's frames.

    Args:
        model: from `vad.models.build_model`.
        artifact: what was exported from it.
        evidence: the audio to compare on.
        max_difference: the largest difference between posteriors that is let pass.

    Raises:
        ModelError: when a posterior is not finite or differs by more, or a stream in chunks differs from the whole.
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
    difference = float(np.abs(found - wanted).max())
    if difference > max_difference:
        at = int(np.abs(found - wanted).argmax())
        raise ModelError(
            f"{artifact.name}: in LiteRT a posterior differs by {difference:.2g} from Keras, at most "
            f"{max_difference:g} is allowed: frame {at} of {evidence.origin} is {found[at]:.6f}, "
            f"wanted {wanted[at]:.6f}"
        )
    if not np.array_equal(found, streamed):
        raise ModelError(
            f"{artifact.name}: streamed in chunks, posteriors differ by {float(np.abs(found - streamed).max()):.2g} "
            "from the whole recording; they must be equal"
        )
    return Verification(difference, len(evidence.samples) / artifact.metadata.features.sample_rate, evidence.origin)


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


def find_evidence(config: DataConfig, sample_rate: int) -> Evidence:
    """Returns held-out speech of the config's corpora, or generated sound where none of it is there.

    Args:
        config: names the manifests; speech of their dev split is used, found under the data home.
        sample_rate: of the result, in Hz.
    """
    clips = _dev_clips(config)
    if not clips:
        return Evidence(generate_voice(sample_rate), "generated voice (no speech of the dev split is there)")
    from vad.audio import read

    pause = np.zeros(int(_PAUSE_S * sample_rate), np.float32)
    parts = []
    for clip in clips:
        duration_s = min(_CLIP_S, clip.duration_s)
        parts += [read(clip.path, sample_rate=sample_rate, offset_s=clip.offset_s, duration_s=duration_s), pause]
    return Evidence(np.concatenate(parts), f"{len(clips)} recordings of the dev split")


def _dev_clips(config: DataConfig) -> Sequence[Clip]:
    """Returns a few clips spread over the sources of the dev split's speech."""
    from vad.errors import ManifestError
    from vad.manifests import data_home, read_manifests, resolve

    try:
        rows = read_manifests(config.manifests)
    except ManifestError:  # a run that was moved to a machine without its corpora
        return []
    home = data_home()
    found = [resolve(row, home) for row in rows if row.split == "dev" and row.kind == "speech"]
    clips = [clip for clip in found if clip is not None]
    return clips[:: max(1, -(-len(clips) // _N_CLIPS))]


def generate_voice(sample_rate: int, duration_s: float = 20.0) -> NDArray[np.float32]:
    """Returns sound with what front-ends stumble over in a voice: gliding harmonics, syllables, breath, silence.

    Args:
        sample_rate: in Hz.
        duration_s: length in seconds.

    Returns:
        float32 ``(n,)`` in [-1, 1], the same on every call.
    """
    rng = np.random.default_rng(0)
    t = np.arange(int(duration_s * sample_rate)) / sample_rate
    pitch = 140 + 40 * np.sin(2 * np.pi * 0.3 * t) + 15 * np.sin(2 * np.pi * 2.1 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    voice = sum(np.sin(k * phase) / k * (1 + 0.8 * np.sin(2 * np.pi * t * 0.37 * k)) for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) * (np.sin(2 * np.pi * 0.21 * t) > -0.3)
    sound = 0.08 * voice * syllables + rng.normal(0, 0.002, len(t))
    sound[np.sin(2 * np.pi * 0.11 * t) > 0.9] = 0
    samples: NDArray[np.float32] = np.clip(sound, -1, 1).astype(np.float32)
    return samples
