"""Laws of files that appear whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from vad.errors import VadError
from vad.files import check_writable, is_stream, replacing


def test_a_file_appears_under_its_name_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with replacing(path) as temporary:
        assert temporary.suffix == ".csv"
        temporary.write_text("a,b")
        assert not path.exists()
    assert path.read_text() == "a,b"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_former_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("former")
    with pytest.raises(ValueError, match="midway"), replacing(path) as temporary:
        temporary.write_text("half")
        raise ValueError("midway")
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one_and_the_file_behind_it_is_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "deep" / "real.csv", tmp_path / "link.csv"
    link.symlink_to("middle.csv")
    (tmp_path / "middle.csv").symlink_to(Path("deep") / "real.csv")
    for text in ("first", "second"):
        with replacing(link) as temporary:
            temporary.write_text(text)
        assert link.is_symlink()
        assert real.read_text() == text
    assert list(real.parent.iterdir()) == [real]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"), replacing(tmp_path / "a"):
        pass


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    with replacing(path) as temporary:
        assert temporary.suffix == ".csv"
        temporary.write_text("a,b")
    reader.join(10)
    assert read == ["a,b"]
    assert is_stream(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_descriptor_is_written_into(tmp_path: Path) -> None:
    with (tmp_path / "behind.csv").open("w") as file:
        path = Path(f"/dev/fd/{file.fileno()}")
        if not path.exists():
            pytest.skip("descriptors have no names here")
        with replacing(path) as temporary:
            temporary.write_text("a,b")
    assert (tmp_path / "behind.csv").read_text() == "a,b"


def test_a_file_in_the_place_of_the_folder_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError), replacing(tmp_path / "file" / "table.csv"):
        pass


def test_what_cannot_be_written_is_found_out_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (None, tmp_path / "file", tmp_path / "new" / "er" / "file"):
        check_writable(path)
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "file" / "a" / "b", "Not a directory")):
        with pytest.raises(VadError, match=f"^cannot write {path}: {reason}$"):
            check_writable(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
