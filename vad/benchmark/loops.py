"""Other detectors as programs: ``python -m vad.benchmark.loops silero|webrtc RECORDING`` prints seconds of speech.

Each does the least that finds speech with it: decoding as ``vad detect`` does, then window after window. Silero gets
windows of 512 samples, WebRTC those of 30 ms in mode 2: the longest it takes, which cost it least.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vad.audio import iter_chunks
from vad.peers import SAMPLE_RATE, load_peer

_WEBRTC_WINDOW = SAMPLE_RATE * 30 // 1000
_WEBRTC_MODE = 2


def silero(chunks: Iterator[NDArray[np.float32]]) -> float:
    """Returns the seconds of speech that Silero's ONNX model finds."""
    stream = load_peer("silero").start()
    for chunk in chunks:
        stream.push(chunk)
    return stream.finish().speech.speech_s


def webrtc(chunks: Iterator[NDArray[np.float32]]) -> float:
    """Returns the seconds of windows that WebRTC's detector takes for speech."""
    load_peer("webrtc")  # names the line that installs it, where it is missing
    import webrtcvad

    detector = webrtcvad.Vad(_WEBRTC_MODE)
    step, n_speech, rest = 2 * _WEBRTC_WINDOW, 0, b""
    for chunk in chunks:
        pcm = rest + np.clip(np.rint(chunk * 32768), -32768, 32767).astype("<i2").tobytes()
        whole = len(pcm) - len(pcm) % step
        n_speech += sum(detector.is_speech(pcm[at : at + step], SAMPLE_RATE) for at in range(0, whole, step))
        rest = pcm[whole:]
    return n_speech * _WEBRTC_WINDOW / SAMPLE_RATE


if __name__ == "__main__":
    _LOOPS = {"silero": silero, "webrtc": webrtc}
    print(_LOOPS[sys.argv[1]](iter_chunks(sys.argv[2], sample_rate=SAMPLE_RATE, chunk_samples=1 << 17)))
