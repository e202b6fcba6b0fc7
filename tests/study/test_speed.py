"""Measuring in turns."""

from __future__ import annotations

from vad.config import Config
from vad.study.speed import _in_turns, measure_speed


def test_each_turn_times_every_variant_once():
    order = []

    def timed(name):
        def work():
            order.append(name)
            return float(len(order))

        return work

    seconds = _in_turns({"lstm": timed("lstm"), "rnn": timed("rnn")}, 3)
    assert order == ["lstm", "rnn"] * 3
    assert seconds == {"lstm": [1.0, 3.0, 5.0], "rnn": [2.0, 4.0, 6.0]}


def test_training_and_exported_steps_are_measured(study):
    small = study(variants=["no-output-gate"], speed={"rounds": 3, "steps": 1, "frames": 32})
    data = {"pipeline": {"batch_size": 2, "crop_s": 0.2}}
    base = Config(name="base", data=data, model={"units": 4, "layers": 1})
    found = measure_speed(small, base)
    assert found.relative == {"no-output-gate": (1.0, 1.0, 1.0)}
    assert found.frames_per_s["no-output-gate"] > 0
    assert set(found.step_us) == {"1", "32"}
    assert all(times["no-output-gate"] > 0 for times in found.step_us.values())
    assert found.batch == (2, 20)
