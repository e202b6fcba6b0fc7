"""Smaller numbers for the network's products, in a float32 flatbuffer.

What is quantised, and what is not:

* The products of the recurrent layers with their weight matrices: nine tenths of the file and of the arithmetic.
  Logits stay float32: one row of weights.
* The front-end stays float32. Power spectra span more than 100 dB, int8 spans 48.
* The cell state c and the gates stay float32. c is a sum over time, ``c' = f∘c + i∘c̃``: it has no range of its own,
  it grows with the length of a sound. In int8 a step of the grid would be larger than what a frame adds, and the
  forget gate could not exceed 255/256, so that nothing lasts longer than 256 frames. It is 64 numbers a layer.
* The output h = o∘tanh(c) lies in (-1, 1) whatever the length of a stream. So it is h, and the frames, that become
  int8 or int16 on their way into a product. The state tensors of a call, h and c, are float32 in every variant.
  The cell no-output-activation alone has an h without bounds: no calibrated range would hold, and `vad.export.build`
  refuses int8 and int16x8 for it.

The converter's own quantisation takes the whole graph or nothing, has crashed on LSTMs, and cannot keep c apart; so
the graph is changed here, in a few lines for each variant.

References:
    Jacob et al. (2018): Quantization and training of neural networks for efficient integer-arithmetic-only inference.
    CVPR. TensorFlow Lite 8-bit quantization specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vad.export.flatbuffer import (
    add_op,
    add_tensor,
    constant,
    content,
    op_code,
    pack,
    products,
    replace_constant,
    set_quantization,
    unpack,
)

# Of weights that are nothing but zero; smaller scales float32 holds without their last digits.
_LEAST_SCALE = 1e-30
# Of what goes through a product and is always about zero: kernels refuse an output that is far finer than its inputs.
_LEAST_STEP = {np.int8: 1e-4, np.int16: 1e-6}


@dataclass(frozen=True)
class Range:
    """What goes through a product.

    Args:
        low: least input.
        high: greatest input.
        out_low: least output.
        out_high: greatest output.
    """

    low: float
    high: float
    out_low: float
    out_high: float


@dataclass(frozen=True)
class _Grid:
    """Integers that stand for numbers: ``scale·(q - zero_point)``."""

    dtype: type[np.generic]
    scale: float
    zero_point: int


def quantize(flatbuffer: bytes, variant: str, ranges: Mapping[str, Range] | None = None) -> bytes:
    """Returns a variant of a float32 model.

    Args:
        flatbuffer: from `convert_step_model`.
        variant: one of `vad.artifact.QUANTIZATIONS`.
        ranges: by the name of the weights, for int8 and int16x8: see `vad.export.calibration`.
    """
    if variant == "none":
        return flatbuffer
    model = unpack(flatbuffer)
    model.metadata = []  # the converter's, of a graph that this is no longer
    for graph in model.subgraphs:
        if variant == "float16":
            _store_float16(model, graph)
        elif variant == "dynamic":
            _store_dynamic(model, graph)
        else:
            _Integers(model, graph, variant, ranges if ranges is not None else {}).replace()
    return pack(model)


def quantize_weights(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """Returns int8 weights in -127 … 127 and the scale by which they stand for numbers.

    One scale for a matrix, not one for each row: old runtimes and microcontrollers know no other in a product, and
    the scales of 1,024 rows would take 12 KB. What rows of their own would gain is less than was measured to matter.

    Args:
        weights: float32, of any shape.
    """
    peak = float(np.abs(weights).max())
    scale = max(peak / 127, _LEAST_SCALE)
    return np.rint(weights / np.float32(scale)).astype(np.int8), scale


def _weight_indices(model: Any, graph: Any) -> set[int]:
    return {int(graph.operators[position].inputs[1]) for position, _ in products(model, graph)}


def _store_float16(model: Any, graph: Any) -> None:
    """Stores weights in half the bytes; they become float32 before the first product, in the runtime's own way."""
    for index in sorted(_weight_indices(model, graph)):
        tensor = graph.tensors[index]
        half = constant(model, tensor).astype(np.float16)
        stored = add_tensor(model, graph, tensor.shape, np.float16, data=half, name=tensor.name.decode())
        tensor.buffer, tensor.name = 0, b""
        graph.operators.insert(0, add_op(model, "DEQUANTIZE", 3, [stored], [index]))


def _store_dynamic(model: Any, graph: Any) -> None:
    """Stores weights as int8; the runtime finds the range of a product's inputs anew for every row it computes."""
    positions = [position for position, _ in products(model, graph)]
    for index in sorted(_weight_indices(model, graph)):
        _store_int8(model, graph, index)
    for position in positions:
        graph.operators[position].opcodeIndex = op_code(model, "FULLY_CONNECTED", 9)
        graph.operators[position].builtinOptions.asymmetricQuantizeInputs = True


def _store_int8(model: Any, graph: Any, index: int) -> float:
    """Stores a float32 constant as int8 and returns its scale."""
    tensor = graph.tensors[index]
    data, scale = quantize_weights(constant(model, tensor))
    replace_constant(model, tensor, data)
    set_quantization(tensor, scale)
    return scale


class _Integers:
    """Puts integers around every product of a graph: QUANTIZE, FULLY_CONNECTED, DEQUANTIZE."""

    def __init__(self, model: Any, graph: Any, variant: str, ranges: Mapping[str, Range]) -> None:
        self._model, self._graph, self._ranges = model, graph, ranges
        self._wide = variant == "int16x8"
        self._scales: dict[int, float] = {}
        self._inputs: dict[tuple[int, float, int], int] = {}
        self._operators: list[Any] = []

    def replace(self) -> None:
        """Rewrites the graph."""
        found = dict(products(self._model, self._graph))
        for position, operator in enumerate(self._graph.operators):
            if position in found:
                self._replace_product(operator, self._ranges[found[position]])
            else:
                self._operators.append(operator)
        self._graph.operators = self._operators

    def _replace_product(self, operator: Any, found: Range) -> None:
        model, graph = self._model, self._graph
        source, weights, bias = (int(index) for index in operator.inputs)
        output = int(operator.outputs[0])
        if weights not in self._scales:
            self._scales[weights] = _store_int8(model, graph, weights)
        before, after = self._grid(found.low, found.high), self._grid(found.out_low, found.out_high)
        result = self._add(graph.tensors[output].shape, after)
        operator.opcodeIndex = op_code(model, "FULLY_CONNECTED", 7 if self._wide else 6)
        twin, offset = self._quantized(source, before), self._bias(bias, before.scale * self._scales[weights])
        operator.inputs, operator.outputs = np.array([twin, weights, offset], np.int32), np.array([result], np.int32)
        back = add_op(model, "DEQUANTIZE", 3 if self._wide else 2, [result], [output])
        self._operators += [operator, back]

    def _grid(self, low: float, high: float) -> _Grid:
        """Returns integers that hold a range; zero is one of them exactly."""
        low, high = min(low, 0.0), max(high, 0.0)
        if self._wide:  # the kernels for int16 want zero in the middle
            return _Grid(np.int16, max(max(-low, high) / 32767, _LEAST_STEP[np.int16]), 0)
        scale = max((high - low) / 255, _LEAST_STEP[np.int8])
        return _Grid(np.int8, scale, round(-128 - low / scale))

    def _quantized(self, source: int, grid: _Grid) -> int:
        """Returns the integer twin of a tensor, made once."""
        key = (source, grid.scale, grid.zero_point)
        if key not in self._inputs:
            twin = self._add(self._graph.tensors[source].shape, grid)
            self._operators.append(add_op(self._model, "QUANTIZE", 2 if self._wide else 1, [source], [twin]))
            self._inputs[key] = twin
        return self._inputs[key]

    def _add(self, shape: Any, grid: _Grid) -> int:
        index = add_tensor(self._model, self._graph, shape, grid.dtype)
        set_quantization(self._graph.tensors[index], grid.scale, grid.zero_point)
        return index

    def _bias(self, bias: int, scale: float) -> int:
        if bias < 0 or not content(self._model, self._graph.tensors[bias]):
            return -1
        tensor = self._graph.tensors[bias]
        dtype: type[np.generic] = np.int64 if self._wide else np.int32
        data = np.rint(constant(self._model, tensor).astype(np.float64) / scale).astype(dtype)
        index = add_tensor(self._model, self._graph, tensor.shape, dtype, data=data, name=tensor.name.decode())
        set_quantization(self._graph.tensors[index], scale)
        return index
