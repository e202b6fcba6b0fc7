"""Versions in summary.json are those that are installed."""

from __future__ import annotations

import keras
import tensorflow as tf

from vad.training.summary import versions


def test_versions_are_the_installed_ones():
    found = versions()
    assert found["keras"] == keras.__version__
    assert found["tensorflow"] == tf.__version__
