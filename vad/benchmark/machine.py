"""On what figures were measured."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "lstm-vad",
    "numpy",
    "ai-edge-litert",
    "soundfile",
    "soxr",
    "onnxruntime",
    "silero-vad",
    "webrtcvad-wheels",
    "webrtcvad",
)
_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine and the software.

    Args:
        processor: its name.
        n_cores: that this process may use.
        system: operating system and architecture.
        versions: of Python and of the packages that figures depend on and that are installed.
    """

    processor: str
    n_cores: int
    system: str
    versions: dict[str, str]

    def __str__(self) -> str:
        cores = f"{self.n_cores} core{'' if self.n_cores == 1 else 's'}"
        packages = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return f"{self.processor}, {cores}, {self.system}\n{packages}"


def describe_machine() -> Machine:
    """Describes the machine at hand."""
    versions = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}"
    return Machine(_processor(), 1 if n_cores is None else n_cores, system, versions)


def _processor() -> str:
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() if platform.processor() else platform.machine()
