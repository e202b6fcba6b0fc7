"""The whole config of a model: what goes in, what is learned, what is written."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath
from typing import Annotated, Any

import yaml
from pydantic import Field, model_validator

from vad.config.data import DataConfig
from vad.config.export import ExportConfig
from vad.config.model import ModelConfig
from vad.config.section import Section
from vad.config.training import TrainingConfig
from vad.decision import DecisionRule
from vad.features.spec import FeatureSpec
from vad.peers import SAMPLE_RATE


class Config(Section):
    """Everything that decides what a training makes; the same config and seed give the same model.

    Args:
        name: what the run is called; the run directory's name unless another is given.
        seed: of weights, mixtures and shuffling; all but the mixtures follow `training.seed` where it is given.
        features: the front-end.
        data: recordings, mixtures, shards.
        model: the network.
        training: the loop.
        decision: from posteriors to segments, written into the artifact.
        export: the artifact.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    features: FeatureSpec = FeatureSpec()
    data: DataConfig
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    decision: DecisionRule = DecisionRule()
    export: ExportConfig = ExportConfig()

    @model_validator(mode="after")
    def _can_carry_state(self) -> Config:
        if self.model.bidirectional and self.training.carry_state:
            raise ValueError(
                "training.carry_state: the way back of a bidirectional network begins at the end of an excerpt, so no "
                "state can be carried; received true with model.bidirectional true; set one of them to false"
            )
        return self

    @model_validator(mode="after")
    def _engine_hears(self) -> Config:
        if self.data.engine is not None and self.features.sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"data.engine: {self.data.engine} hears {SAMPLE_RATE} Hz alone; received features.sample_rate "
                f"{self.features.sample_rate}; set data.engine to null"
            )
        return self

    @property
    def training_seed(self) -> int:
        """Seed of all that training draws: weights, order, augmentation."""
        return self.seed if self.training.seed is None else self.training.seed

    def dump(self) -> str:
        """Returns the resolved config as YAML that `load_config` reads back equal; paths are absolute."""
        return yaml.safe_dump(_plain(self.model_dump()), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    """Returns `value` made of what YAML knows."""
    if isinstance(value, dict):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, PurePath) else value
