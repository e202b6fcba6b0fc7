"""Fixtures that several test files share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Tests run on the CPU alone, and TensorFlow's start-up chatter would hide what a failing test says.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data_home() -> Path:
    """The folder of real recordings, or a skip that says why."""
    home = os.environ.get("VAD_DATA_HOME")
    if not home:
        pytest.skip("VAD_DATA_HOME is not set: no real recordings to test on")
    path = Path(home).resolve()
    if not path.is_dir():
        pytest.skip(f"VAD_DATA_HOME={home} is no folder: no real recordings to test on")
    return path
