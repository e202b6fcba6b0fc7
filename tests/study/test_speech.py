"""The training on speech of one variant."""

from __future__ import annotations

import pytest

from vad.config import Config
from vad.errors import ConfigError
from vad.study.speech import variant_config


def test_variants_differ_in_cell_and_seed_alone():
    base = Config(name="base", seed=3, data={}, model={"units": 9, "layers": 1})
    config = variant_config(base, "gru", 5)
    assert config.model.cell == "gru"
    assert config.training_seed == 5
    # The mixtures hang on this one.
    assert config.seed == 3
    back = config.model_copy(
        update={
            "model": config.model.model_copy(update={"cell": "lstm"}),
            "training": config.training.model_copy(update={"seed": None}),
        }
    )
    assert back == base


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"bidirectional": True}, "model.bidirectional must be false"),
        ({"forget_bias": 2.0}, "model.forget_bias"),
        ({"projection": 4}, "model.projection"),
    ],
)
def test_what_not_every_variant_can_have_is_refused(model, said):
    base = Config(name="base", data={}, model={"units": 9, "layers": 1, **model})
    with pytest.raises(ConfigError, match=said):
        variant_config(base, "gru", 0)
