"""The checksums of fetched originals, recorded when they first arrive and compared ever after."""

from __future__ import annotations

import json
import threading
from pathlib import Path


class Ledger:
    """``originals/checksums.jsonl`` of a data home: one line per fetched file.

    Lines are only ever appended, so an interrupted run loses at most the line that it was writing. Methods may be
    called from several threads.

    Args:
        home: the data home.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "originals"
        self._lock = threading.Lock()
        self._checksums: dict[str, str] = {}
        self._torn = False
        if self.path.is_file():
            text = self.path.read_text(encoding="utf-8", errors="replace")
            self._torn = bool(text) and not text.endswith("\n")
            for line in text.splitlines():
                try:
                    entry = json.loads(line)
                    # The first entry of a file counts: a later one would hide that the file has changed.
                    self._checksums.setdefault(str(entry["path"]), str(entry["sha256"]))
                except (ValueError, KeyError, TypeError):
                    continue  # half a line of an interrupted run; its file is simply recorded again

    @property
    def path(self) -> Path:
        """The ledger's file."""
        return self._folder / "checksums.jsonl"

    def checksum(self, original: Path) -> str | None:
        """Returns the recorded SHA-256 of an original, in hexadecimal digits, or None."""
        return self._checksums.get(self._name(original))

    def record(self, original: Path, sha256: str) -> None:
        """Records the checksum of an original that is not in the ledger yet; does nothing when it is."""
        name = self._name(original)
        with self._lock:
            if name in self._checksums:
                return
            self._checksums[name] = sha256
            line = json.dumps({"path": name, "sha256": sha256}, ensure_ascii=False)
            self._folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as stream:
                # A line that an interrupted run tore off must not swallow this one.
                stream.write(f"\n{line}\n" if self._torn else f"{line}\n")
            self._torn = False

    def _name(self, original: Path) -> str:
        return original.relative_to(self._folder).as_posix()
