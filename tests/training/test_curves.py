"""A resumed run shows each epoch once."""

from __future__ import annotations

import tensorflow as tf

from vad.training.curves import Curves
from vad.training.listener import EpochRow


def row(epoch):
    return EpochRow(epoch, 10 * epoch, 0.5, 0.4, 0.9, 1e-3, 1.0, 1e5, 2.0)


def steps(folder):
    found = []
    for path in folder.glob("events.*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            found += [event.step for value in event.summary.value if value.tag == "dev_roc_auc"]
    return sorted(found)


def test_history_is_written_anew(tmp_path):
    curves = Curves(tmp_path, [])
    for epoch in (1, 2, 3):
        curves.add(row(epoch))
    curves.close()
    # The checkpoint knows two of the three.
    curves = Curves(tmp_path, [row(1), row(2)])
    curves.add(row(3))
    curves.close()
    assert steps(tmp_path) == [10, 20, 30]
