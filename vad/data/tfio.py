"""The only place that touches tensorflow-io: SpecAugment masks and decoding by its operations.

Its native operations are built against one line of TensorFlow; replacing the package is a matter of this file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vad.errors import AudioError, MissingDependencyError, extra_line

if TYPE_CHECKING:
    import tensorflow as tf


def spec_augment(
    frames: tf.Tensor, *, time_masks: int, time_mask_frames: int, frequency_masks: int, frequency_mask_bands: int
) -> tf.Tensor:
    """Masks random stretches of time and bands of frequency by the mean of the excerpt.

    The masks draw from the seed of the enclosing graph, see `seed_graph`.

    Args:
        frames: float32 (time, n_mels).
        time_masks: how many stretches of time.
        time_mask_frames: the longest of them.
        frequency_masks: how many bands of frequency.
        frequency_mask_bands: the widest of them.

    Returns:
        float32 (time, n_mels).

    References:
        Park et al., SpecAugment, Interspeech 2019.
    """
    import tensorflow as tf

    audio = _audio_ops()
    # tensorflow-io masks by zeros, which in the log domain are loud: the mean becomes the zero.
    mean = tf.reduce_mean(frames)
    masked = frames - mean
    for _ in range(time_masks):
        masked = audio.time_mask(masked, time_mask_frames + 1)
    for _ in range(frequency_masks):
        masked = audio.freq_mask(masked, frequency_mask_bands + 1)
    return tf.ensure_shape(masked + mean, frames.shape)


def seed_graph(seed: int) -> None:
    """Seeds the random operations that the graph being traced gets from now on, and no other.

    tensorflow-io's masks take no seed. Call it inside a function that `tf.data` traces, and map that function without
    parallel calls: the same elements then get the same masks.
    """
    import tensorflow as tf

    tf.compat.v1.get_default_graph().seed = seed


def decode(path: Path) -> tuple[NDArray[np.float32], int] | None:
    """Decodes WAV, FLAC, MP3 and Ogg Vorbis by the operations of tensorflow-io.

    Args:
        path: the file.

    Returns:
        float32 (n, channels) in [-1, 1) and the sample rate in Hz; None for a format that tensorflow-io does not
        decode, such as Ogg Opus, and for what is no audio at all.

    Raises:
        AudioError: when the file is broken further on.
    """
    import soundfile
    import tensorflow as tf

    try:
        info = soundfile.info(str(path))
    except soundfile.SoundFileError:
        return None  # the package's own decoder says what is wrong with it
    known = _decoders().get((info.format, info.subtype))
    if known is None:
        return None
    try:
        decoded = known(tf.io.read_file(str(path)))
    except tf.errors.OpError as error:
        raise AudioError(f"{path}: {error.message}") from error
    samples = decoded.numpy()
    if samples.dtype != np.float32:
        samples = samples.astype(np.float32) / np.float32(2 ** (8 * samples.dtype.itemsize - 1))
    return samples.reshape(-1, info.channels), info.samplerate


def _decoders() -> dict[tuple[str, str], Callable[[Any], Any]]:
    import tensorflow as tf

    audio = _audio_ops()
    return {
        ("WAV", "PCM_16"): lambda content: audio.decode_wav(content, dtype=tf.int16),
        ("WAV", "FLOAT"): lambda content: audio.decode_wav(content, dtype=tf.float32),
        ("FLAC", "PCM_16"): lambda content: audio.decode_flac(content, dtype=tf.int16),
        ("MP3", "MPEG_LAYER_III"): audio.decode_mp3,
        ("OGG", "VORBIS"): audio.decode_vorbis,
    }


def _audio_ops() -> Any:
    try:
        import tensorflow_io
    except ImportError as error:
        raise MissingDependencyError(
            "tensorflow-io", install=extra_line("train"), purpose="training with SpecAugment or data.source: audio"
        ) from error
    return tensorflow_io.audio
