"""How far a variant may be from the network that it was made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Limit:
    """The largest deviations that are let pass.

    Args:
        max_difference: between two posteriors.
        changed_share: share of the frames whose decision changes, by the model's own rule.
        auc_change: of the area under the ROC curve, up or down.
        reason: why no less can be asked.
    """

    max_difference: float
    changed_share: float
    auc_change: float
    reason: str

    def to_dict(self) -> dict[str, float]:
        """Returns the numbers by name."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "reason"}


LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "none": Limit(1e-4, 0.001, 1e-4, "float32 differs by the order of its sums alone"),
        "float16": Limit(0.02, 0.002, 5e-4, "weights are rounded to 11 bits"),
        "dynamic": Limit(0.4, 0.02, 0.002, "weights and the inputs of products are rounded to 8 bits"),
        "int8": Limit(0.4, 0.02, 0.002, "weights, inputs and outputs of products are rounded to 8 bits"),
        "int16x8": Limit(0.4, 0.02, 0.002, "weights are rounded to 8 bits"),
    }
)
"""By quantisation. A posterior that is on its way from 0 to 1 moves by much when it comes a frame earlier, so the
largest difference says little of a quantised model; the decisions and the area say what it costs."""
