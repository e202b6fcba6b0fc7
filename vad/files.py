"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path in the same folder and renames it to `path` when the block ends well.

    When the block raises, the temporary file is removed and an existing `path` stays as it was. The folder is
    made when absent. The temporary name ends like `path`, for writers that go by the suffix.

    Args:
        path: the file to write or replace; the block has to make the temporary file.

    Example:
        >>> with replacing(Path("table.csv")) as temporary:  # doctest: +SKIP
        ...     temporary.write_text("a,b")
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Process and thread in the name: two writers of the same file never share a temporary one.
    temporary = path.with_name(f".{os.getpid()}-{threading.get_ident()}.part.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
