"""Fetches what the tests on ARM need: ``python tests/bundle/arm64.py [FOLDER]``.

The arm64 build of LiteRT from the package index, as large as 15 MB, and Debian's cross compiler and emulator:

    apt install qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++6-arm64-cross
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

CROSS_LIBRARIES = Path("/usr/aarch64-linux-gnu/lib")
# The runtime asks the system which processor it has; an emulator shows that of the machine it runs on.
CPUINFO = """processor\t: 0
BogoMIPS\t: 100.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""


def default_folder() -> Path:
    """Returns ``$VAD_ARM64``, else a folder in the user's cache."""
    return Path(os.environ.get("VAD_ARM64", Path.home() / ".cache" / "lstm-vad" / "arm64"))


def fetch(folder: Path) -> None:
    """Makes ``folder/libLiteRt.so`` and ``folder/root``, what the emulator takes for the root of the system."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"ai-edge-litert=={version('ai-edge-litert')}"
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 27, 28, 35)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *platforms]
    subprocess.run([*command, "--dest", str(folder), wanted], check=True)
    (wheel,) = folder.glob("ai_edge_litert-*aarch64.whl")
    with zipfile.ZipFile(wheel) as archive:
        (folder / "libLiteRt.so").write_bytes(archive.read("ai_edge_litert/libLiteRt.so"))
    wheel.unlink()
    root = folder / "root"
    (root / "proc").mkdir(parents=True, exist_ok=True)
    (root / "proc" / "cpuinfo").write_text(CPUINFO, encoding="ascii")
    shutil.copytree(CROSS_LIBRARIES, root / "lib", symlinks=True, dirs_exist_ok=True)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]) if len(sys.argv) > 1 else default_folder())
