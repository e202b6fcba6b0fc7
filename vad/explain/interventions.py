"""What may be changed inside the network while it runs: gates forced open or shut, units frozen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError, did_you_mean

__all__ = ["GATES", "KINDS", "Intervention", "Plan"]

GATES: Final = ("input", "forget", "output")
KINDS: Final = (*GATES, "freeze")


@dataclass(frozen=True, slots=True)
class Intervention:
    """A change inside a layer from one step on; of several for the same gate or unit the last one counts.

    Args:
        layer: which, from 0.
        kind: one of `KINDS`: a gate that is given a value, or ``freeze``: the cell state c and the output h stay what
            they were before.
        value: of the gate, in [0, 1]; 0 for ``freeze``, where it has no meaning.
        unit: which, from 0; None is all units of the layer.
        start: the first step at which it acts. A unit that is frozen from 0 on is as good as taken out, where the
            network begins from zeros.

    Raises:
        ConfigError: when the kind is unknown, or a number is out of range.
    """

    layer: int
    kind: str
    value: float = 0.0
    unit: int | None = None
    start: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            hint = did_you_mean(self.kind, KINDS)
            raise ConfigError(f"intervention: kind must be one of {', '.join(KINDS)}; received {self.kind!r}{hint}")
        if not (math.isfinite(self.value) and 0 <= self.value <= 1):
            raise ConfigError(f"intervention: a gate's value must lie in [0, 1]; received {self.value}")
        if self.layer < 0 or self.start < 0 or (self.unit is not None and self.unit < 0):
            raise ConfigError(f"intervention: layer, unit and start must be >= 0; received {self}")


class Plan:
    """What is forced in one layer, ready for a run.

    Args:
        interventions: of any layers.
        layer: which layer this is.
        units: how many it has.

    Raises:
        ConfigError: when an intervention names a unit that the layer has not.
    """

    def __init__(self, interventions: Sequence[Intervention], layer: int, units: int) -> None:
        self._starts: dict[str, NDArray[np.float64]] = {}
        self._values: dict[str, NDArray[np.float64]] = {}
        for one in interventions:
            if one.layer != layer:
                continue
            if one.unit is not None and one.unit >= units:
                raise ConfigError(f"intervention: layer {layer} has units 0 to {units - 1}; received {one.unit}")
            starts = self._starts.setdefault(one.kind, np.full(units, np.inf))
            values = self._values.setdefault(one.kind, np.zeros(units))
            chosen = slice(None) if one.unit is None else one.unit
            starts[chosen], values[chosen] = one.start, one.value

    def force(self, gate: str, step: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns a gate's values with those replaced that are forced at this step."""
        if gate not in self._starts:
            return values
        return np.where(self._starts[gate] <= step, self._values[gate], values)

    def hold(self, step: int, values: NDArray[np.float64], former: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns new values, or the former ones where a unit is frozen at this step."""
        if "freeze" not in self._starts:
            return values
        return np.where(self._starts["freeze"] <= step, former, values)
