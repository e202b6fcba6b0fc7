"""Laws of the rule of labels."""

from __future__ import annotations

import pytest

from vad.errors import ConfigError
from vad.labels import LabelRule


@pytest.mark.parametrize(
    "change", [{"onset_db": 3.0}, {"min_range_db": 40.0}, {"max_gap_s": -1.0}, {"floor_percentile": 60.0}]
)
def test_rules_that_cannot_act_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=str(next(iter(change)))):
        LabelRule(**change)
