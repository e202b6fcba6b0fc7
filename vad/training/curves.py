"""The history of a run as TensorBoard shows it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from vad.training.listener import EpochRow


class Curves:
    """Writes epochs to a TensorBoard folder.

    A resumed run writes its history anew: the file of the run before it may lack an epoch, or have one that the
    checkpoint does not know.

    Args:
        folder: for the event files; what is in it is replaced.
        rows: epochs done already.
    """

    def __init__(self, folder: Path, rows: Sequence[EpochRow]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(folder))
        for row in rows:
            self.add(row)

    def add(self, row: EpochRow) -> None:
        """Adds an epoch; every column is a curve over optimizer steps."""
        with self._writer.as_default():
            for name, value in row.to_dict().items():
                if name != "steps":
                    tf.summary.scalar(name, value, step=row.steps)
        self._writer.flush()

    def close(self) -> None:
        """Closes the file."""
        self._writer.close()
