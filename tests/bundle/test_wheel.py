"""The wheel carries every file that the bundle is made of."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

NEEDED = 77


def test_the_wheel_has_all_that_a_bundle_is_made_of(repository: Path, tmp_path: Path) -> None:
    try:
        found = int(version("setuptools").partition(".")[0])
    except PackageNotFoundError:
        found = 0
    if found < NEEDED:
        pytest.skip(f"setuptools {found} builds no wheel of this project (pip install 'setuptools>={NEEDED}')")
    # In a copy: a build leaves folders behind.
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(repository / name, tmp_path / name)
    shutil.copytree(repository / "vad", tmp_path / "vad", ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("bundle", "pictures/assets", "weights"):
        files = {
            path.relative_to(tmp_path).as_posix() for path in (tmp_path / "vad" / folder).rglob("*") if path.is_file()
        }
        assert files and files <= names, files - names
