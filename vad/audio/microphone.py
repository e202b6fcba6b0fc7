"""The microphone, through PortAudio (the extra ``mic``)."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vad.audio.resample import check_rate, to_mono
from vad.errors import AudioError, ConfigError, MissingDependencyError, did_you_mean, extra_line

_BLOCK_S = 0.02
# How long a silent driver keeps an interruption waiting.
_PATIENCE_S = 0.2


@dataclass(frozen=True, slots=True)
class Device:
    """A device that sound comes from.

    Args:
        index: as PortAudio counts.
        name: as the system has it.
        channels: how many it has.
        sample_rate: its own, in Hz.
        is_default: whether the system listens to it.
    """

    index: int
    name: str
    channels: int
    sample_rate: int
    is_default: bool


def find_devices() -> list[Device]:
    """Returns the devices that sound comes from.

    Raises:
        MissingDependencyError: when sounddevice is not installed.
        AudioError: when PortAudio is not.
    """
    sounddevice = _sounddevice()
    default = sounddevice.default.device[0]
    return [
        Device(index, row["name"], row["max_input_channels"], round(row["default_samplerate"]), index == default)
        for index, row in enumerate(sounddevice.query_devices())
        if row["max_input_channels"] > 0
    ]


def choose_device(name: str | None) -> Device:
    """Returns the device of an index or a part of a name; None is the system's default.

    Raises:
        ConfigError: when there is no such device, or several.
        AudioError: when there is none at all.
        MissingDependencyError: when sounddevice is not installed.
    """
    devices = find_devices()
    if not devices:
        raise AudioError("no microphone: the system has no device that sound comes from; listen to a pipe instead (-)")
    if name is None:
        return next((device for device in devices if device.is_default), devices[0])
    if name.isdecimal():
        chosen = [device for device in devices if device.index == int(name)]
    else:
        chosen = [device for device in devices if name.casefold() in device.name.casefold()]
    if len(chosen) != 1:
        found = "several devices" if chosen else "no device"
        known = ", ".join(f"{device.index} {device.name!r}" for device in devices)
        raise ConfigError(
            f"{found} of the name {name!r}{did_you_mean(name, (d.name for d in devices))}; there are {known}"
        )
    return chosen[0]


class Microphone:
    """A device that is being listened to; made by `open_microphone`.

    Attributes:
        sample_rate: of the chunks, in Hz, the device's own.
        n_lost: how often the system has lost audio because nobody took it in time.
    """

    def __init__(self, device: Device, channel: int | None) -> None:
        check_rate(device.sample_rate, f"{device.name}: its sample rate")
        self.sample_rate = device.sample_rate
        self.n_lost = 0
        self._channel = channel
        self._blocks: queue.SimpleQueue[NDArray[np.float32]] = queue.SimpleQueue()

    def take(self, block: NDArray[np.float32], _frames: int, _time: Any, status: Any) -> None:
        """Is called by PortAudio in a thread of its own."""
        self.n_lost += bool(status.input_overflow)
        self._blocks.put(block.copy())

    def chunks(self) -> Iterator[NDArray[np.float32]]:
        """Yields float32 ``(n,)`` without end, empty ones while the device is silent."""
        while True:
            try:
                yield to_mono(self._blocks.get(timeout=_PATIENCE_S), self._channel)
            except queue.Empty:
                yield np.zeros(0, np.float32)


@contextlib.contextmanager
def open_microphone(name: str | None = None, channel: int | None = None) -> Iterator[Microphone]:
    """Listens to a device for the length of a ``with`` block.

    Args:
        name: index of the device, or a part of its name; None is the system's default.
        channel: which channel, from 0; None mixes all down.

    Raises:
        AudioError: when the device cannot be opened.
        ConfigError: when there is no such device or channel.
        MissingDependencyError: when sounddevice is not installed.
    """
    sounddevice = _sounddevice()
    device = choose_device(name)
    if channel is not None and channel >= device.channels:
        raise ConfigError(f"{device.name}: channel {channel} is not there; the device has {device.channels}, from 0")
    microphone = Microphone(device, channel)
    settings = {
        "device": device.index,
        "samplerate": device.sample_rate,
        "channels": device.channels,
        "blocksize": round(_BLOCK_S * device.sample_rate),
        "dtype": "float32",
        "callback": microphone.take,
    }
    try:
        stream = sounddevice.InputStream(**settings)
    except sounddevice.PortAudioError as error:
        raise AudioError(f"{device.name}: cannot be opened: {error}; --device chooses another") from error
    with stream:
        yield microphone


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        purpose = "listening to a microphone"
        raise MissingDependencyError("sounddevice", install=extra_line("mic"), purpose=purpose) from error
    except OSError as error:
        raise AudioError(
            "listening to a microphone needs PortAudio, a library of the system: apt install libportaudio2, or "
            "dnf install portaudio; without it, listen to a pipe: arecord -f S16_LE -r 16000 | vad listen -"
        ) from error
    return sounddevice
