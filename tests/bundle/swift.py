"""Fetches what the tests of the iOS port need: ``python tests/bundle/swift.py [FOLDER]``.

Debian's Swift compiler (540 MB, from its release 13, the first that has one) with the C library that it is built for,
unpacked into a folder and run from there: nothing is installed, and no rights are needed. Needs apt and gcc.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SUITE = "trixie"
PACKAGES = ("swiftlang", "libc6-dev", "linux-libc-dev")
# Of the compiler; debuggers and builders of packages, most of it, are left where they are.
WANTED = (
    "./usr/libexec/swift/bin/swift-frontend",
    "./usr/libexec/swift/lib/swift/*",
    "./usr/libexec/swift/lib/clang/*",
    "./usr/lib/x86_64-linux-gnu/*",
    "./usr/lib64/*",
    "./usr/include/*",
    "./usr/lib/linux/*",
)
UNWANTED = ("./usr/libexec/swift/lib/swift/embedded", "./usr/libexec/swift/lib/swift/FrameworkABIBaseline")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def default_folder() -> Path:
    """Returns ``$VAD_SWIFT``, else a folder in the user's cache."""
    return Path(os.environ.get("VAD_SWIFT", Path.home() / ".cache" / "lstm-vad" / "swift"))


def is_there(folder: Path) -> bool:
    """Whether `fetch` has been there."""
    return (folder / "complete").is_file()


def fetch(folder: Path) -> None:
    """Makes ``folder/root``, the part of a system that the compiler needs."""
    for name in ("lists/partial", "cache/archives/partial", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(
        f"deb [signed-by={KEYRING}] http://deb.debian.org/debian {SUITE} main\n", encoding="ascii"
    )
    options = [
        f"Dir::Etc::sourcelist={folder / 'sources.list'}", "Dir::Etc::sourceparts=-",
        f"Dir::State::lists={folder / 'lists'}", f"Dir::State::status={folder / 'status'}",
        f"Dir::Cache={folder / 'cache'}", "APT::Sandbox::User=root", "Debug::NoLocking=1",
    ]  # fmt: skip
    apt = ["apt-get", "-qq", *(part for option in options for part in ("-o", option))]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "install", "--yes", "--download-only", "--no-install-recommends", *PACKAGES], check=True)
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        _unpack(package, folder / "root")
    shutil.rmtree(folder / "cache")
    shutil.rmtree(folder / "lists")
    (folder / "complete").touch()


def _unpack(package: Path, root: Path) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as content:
        # tar complains of names that a package lacks.
        without = [f"--exclude={name}" for name in UNWANTED]
        command = ["tar", "--extract", "--directory", str(root), *without, "--wildcards", *WANTED]
        subprocess.run(command, stdin=content.stdout, stderr=subprocess.DEVNULL, check=False)


class Swift:
    """The compiler in a folder of `fetch`."""

    def __init__(self, folder: Path) -> None:
        root = (folder / "root").resolve()
        home, system = root / "usr" / "libexec" / "swift", root / "usr" / "lib" / "x86_64-linux-gnu"
        self.libraries = home / "lib" / "swift" / "linux"
        found = (self.libraries, home / "lib" / "swift" / "host" / "compiler", system)
        # With the loader of the system that it is built for.
        self.loader = [str(system / "ld-linux-x86-64.so.2"), "--library-path", ":".join(map(str, found))]
        places = ["-resource-dir", str(home / "lib" / "swift"), "-sdk", str(root)]
        self.frontend = [*self.loader, str(home / "bin" / "swift-frontend"), "-frontend"]
        self.places = [*places, "-module-cache-path", str(folder / "modules"), "-warnings-as-errors"]

    def compile(self, arguments: Sequence[object], files: Sequence[Path]) -> None:
        """Runs the compiler; an error or a warning of it fails."""
        command = [*self.frontend, *map(str, arguments), *self.places, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]

    def build(self, files: Sequence[Path], program: Path) -> list[str]:
        """Returns the command that runs the program of these files."""
        code = program.with_suffix(".o")
        self.compile(["-c", "-O", "-wmo", "-parse-as-library", "-module-name", "main", "-o", code], files)
        start = self.libraries / "x86_64" / "swiftrt.o"
        parts = [start, code, f"-L{self.libraries}", "-Wl,--allow-shlib-undefined"]
        names = ["-lswiftCore", "-lFoundation", "-lFoundationEssentials", "-lm"]
        subprocess.run(["gcc", "-o", str(program), *map(str, parts), *names], check=True)
        return [*self.loader, str(program)]


if __name__ == "__main__":
    fetch(Path(sys.argv[1]) if len(sys.argv) > 1 else default_folder())
