"""Laws of the data section."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vad.config.data import DataConfig


def test_defaults_hold() -> None:
    config = DataConfig()
    assert config.hours.train > config.hours.dev > 0
    assert DataConfig.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mixing": {"noise": {"snr_db": [20, 0]}}}, "low <= high"),
        ({"mixing": {"noise": {"kind_weights": {"musik": 1}}}}, "did you mean 'music'"),
        ({"mixing": {"noise": {"count_weights": [0, 0]}}}, "above 0"),
        ({"mixing": {"noise": {"talkers": [9, 3]}}}, "low <= high"),
        ({"mixing": {"nonspeech_share": 1.5}}, "less than or equal to 1"),
        ({"pipeline": {"crop_s": 30.0}}, "longer than"),
        ({"labels": {"onset": 3}}, "onset"),
        ({"tiers": ["free"]}, "permissive"),
        ({"hours": {"train": 0}}, "greater than 0"),
    ],
)
def test_what_cannot_act_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DataConfig.model_validate(values)
