"""What every recurrent cell has: weights of known shapes, states by name, and one step.

A cell is written once, in `keras.ops` on whatever holds its weights: variables while it learns (`RecurrentCell`),
constants in the exported step model. It keeps nothing itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from keras import ops

# Added to a variance before its root is divided by.
_EPSILON = 1e-5

Tensors = Mapping[str, Any]


class Recurrence(ABC):
    """The equations of one recurrent layer.

    One product of the input x and one of the layer's own output h give the sums of all gates and candidates, block by
    block of `units` columns::

        s_t = W·x_t + R·h_{t-1} + b                                                        (1)

    and with layer normalisation, N(a) = (a - mean(a)) / std(a) over all blocks and gains α learnt::

        s_t = α_x∘N(W·x_t) + α_h∘N(R·h_{t-1}) + b                                          (2)

    What a cell makes of its sums is its own affair: `activations`.

    Args:
        units: width of a block.
        layer_norm: normalise by (2).
        projection: width of the output where it is narrower than a block; see `vad.models.cells.lstm.Lstm`.

    Attributes:
        name: as `model.cell` in a config has it.
        blocks: names of the blocks of columns, in the order of the weights.
        states: names of what is carried from step to step, the output ``h`` first.
        forget_block: the block whose bias decides how long a fresh network remembers, and the sign by which it does;
            None where there is none.

    References:
        (2): Ba, Kiros, Hinton (2016): Layer normalization. arXiv:1607.06450, equation 20. Its two offsets and b add up
        to one b here.
    """

    name: ClassVar[str]
    blocks: ClassVar[tuple[str, ...]]
    states: ClassVar[tuple[str, ...]]
    forget_block: ClassVar[tuple[str, float] | None] = None

    def __init__(self, units: int, *, layer_norm: bool = False, projection: int | None = None) -> None:
        self.units, self.layer_norm, self.projection = units, layer_norm, projection

    def __str__(self) -> str:
        """Returns the cell in words."""
        options = ["layer_norm"] * self.layer_norm
        if self.projection is not None:
            options.append(f"projection {self.projection}")
        return f"{self.name} with {' and '.join(options)}" if options else self.name

    @property
    def output_size(self) -> int:
        """Width of h."""
        return self.units if self.projection is None else self.projection

    @property
    def is_bounded(self) -> bool:
        """Whether h has a bound that does not grow with the length of a sequence."""
        return True

    @property
    def state_sizes(self) -> dict[str, int]:
        """Widths of the states by name, in order."""
        return {name: self.output_size if name == "h" else self.units for name in self.states}

    def shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the weights by name, in order.

        Args:
            inputs: width of x.
        """
        width = len(self.blocks) * self.units
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (inputs, width),
            "recurrent": (self.output_size, width),
            "bias": (width,),
        }
        if self.layer_norm:
            shapes |= {"input_gain": (width,), "recurrent_gain": (width,)}
        return shapes

    def input_share(self, x: Any, weights: Tensors) -> Any:
        """Returns what inputs ``(rows, inputs)`` add to the sums: rows may be a batch or the frames of a stream."""
        share = ops.matmul(x, weights["kernel"])
        if self.layer_norm:
            share = normalized(share) * weights["input_gain"]
        return share + weights["bias"]

    def recurrent_share(self, states: Tensors, weights: Tensors) -> Any:
        """Returns what the states add to the sums."""
        share = self.recurrent_product(states, weights)
        return normalized(share) * weights["recurrent_gain"] if self.layer_norm else share

    def recurrent_product(self, states: Tensors, weights: Tensors) -> Any:
        """Returns R·h, in all blocks."""
        return ops.matmul(states["h"], weights["recurrent"])

    def split(self, sums: Any) -> dict[str, Any]:
        """Returns sums ``(rows, blocks·units)`` by block."""
        return dict(zip(self.blocks, ops.split(sums, len(self.blocks), axis=1), strict=True))

    @abstractmethod
    def activations(self, share: Any, states: Tensors, weights: Tensors) -> dict[str, Any]:
        """Computes one step and keeps everything on the way.

        Args:
            share: the input's share of the sums, ``(rows, blocks·units)``, from `input_share`.
            states: by the names of `states`, ``(rows, width)``.
            weights: by the names of `shapes`.

        Returns:
            Gates, candidate and new states by name.
        """

    def step(self, share: Any, states: Tensors, weights: Tensors) -> dict[str, Any]:
        """Advances by one step; arguments as in `activations`, returns the new states by name."""
        found = self.activations(share, states, weights)
        return {name: found[name] for name in self.states}


def normalized(x: Any) -> Any:
    """Returns rows with mean 0 and variance 1."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return centred * ops.rsqrt(variance + _EPSILON)
