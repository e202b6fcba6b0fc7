"""The one description of the features; its fingerprint travels with everything made from them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from vad.errors import ConfigError, FingerprintError, did_you_mean
from vad.frames import FrameGrid

# Raised whenever the same fields would give other numbers than before.
FRONT_END_VERSION = 1


@dataclass(frozen=True)
class FeatureSpec:
    """Log-mel frames: periodic Hann window, power spectrum, Slaney mel bands, ``log(mel + log_floor)``.

    Frames are not centred: frame ``t`` sees the samples ``[hop·t, hop·t + win)``, and the FFT is as long as the
    window, so all implementations agree and none looks ahead.

    Args:
        sample_rate: in Hz.
        win_length: samples per frame and length of the FFT; even.
        hop_length: samples between frame starts.
        n_mels: mel bands.
        f_min: lowest frequency of the mel bands in Hz.
        f_max: highest frequency of the mel bands in Hz, at most half the sample rate.
        log_floor: added to the mel power before the logarithm; positive.

    Raises:
        ConfigError: when a field breaks one of these rules; the message names every such field.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    sample_rate: int = 16000
    win_length: int = 512
    hop_length: int = 160
    n_mels: int = 40
    f_min: float = 0.0
    f_max: float = 8000.0
    log_floor: float = 1e-8

    def __post_init__(self) -> None:
        rules = {
            "sample_rate must be positive": self.sample_rate > 0,
            "win_length must be even and positive": self.win_length > 0 and self.win_length % 2 == 0,
            "hop_length must be in 1…win_length": 0 < self.hop_length <= self.win_length,
            "win_length - hop_length must be even": (self.win_length - self.hop_length) % 2 == 0,
            "n_mels must be at least 1": self.n_mels >= 1,
            "f_min and f_max must hold 0 <= f_min < f_max <= sample_rate / 2": (
                0 <= self.f_min < self.f_max <= self.sample_rate / 2
            ),
            "log_floor must be positive and finite": 0 < self.log_floor < math.inf,
        }
        broken = [rule for rule, holds in rules.items() if not holds]
        if broken:
            raise ConfigError(f"features: {'; '.join(broken)}; received {self.to_dict()}")

    @property
    def grid(self) -> FrameGrid:
        """Where the frames lie in time."""
        return FrameGrid(self.sample_rate, self.win_length, self.hop_length)

    @property
    def n_bins(self) -> int:
        """Frequency bins of the power spectrum: ``win_length // 2 + 1``."""
        return self.win_length // 2 + 1

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with any number the front-end gives."""
        canonical = json.dumps({"version": FRONT_END_VERSION, **self.to_dict()}, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, int | float]:
        """Returns the fields by name, as they are stored in shards and artifacts."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> FeatureSpec:
        """Builds a specification from stored fields.

        Raises:
            ConfigError: when a name is unknown.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        for name in fields:
            if name not in names:
                raise ConfigError(f"features: unknown field {name!r}{did_you_mean(name, names)}")
        return cls(**fields)

    def check_fingerprint(self, found: Mapping[str, Any], where: str) -> None:
        """Refuses features that another front-end made.

        Args:
            found: fields of the other specification, and optionally its ``fingerprint``.
            where: what holds them, for the message.

        Raises:
            FingerprintError: names each field that differs, with both values.
        """
        wanted = self.to_dict()
        differing = [
            f"{name} is {found.get(name)!r}, wanted {value!r}"
            for name, value in wanted.items()
            if found.get(name) != value
        ]
        fingerprint = found.get("fingerprint", self.fingerprint)
        if not differing and fingerprint != self.fingerprint:
            differing = [f"front-end fingerprint is {fingerprint!r}, wanted {self.fingerprint!r}"]
        if differing:
            raise FingerprintError(f"{where}: made by another front-end: {'; '.join(differing)}")
