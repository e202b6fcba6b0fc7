"""Graphs of a model as LiteRT's schema has them: their operations, their weights, and what their tensors take."""

from __future__ import annotations

import functools
import math
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray


@functools.cache
def _op_names() -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}


@functools.cache
def _type_names() -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {number: name.lower() for name, number in vars(schema.TensorType).items() if isinstance(number, int)}


def type_name(tensor: Any) -> str:
    """Returns NumPy's name of the type of a ``TensorT``."""
    return _type_names()[tensor.type]


def op_name(code: Any) -> str:
    """Returns the name of an ``OperatorCodeT`` in the TensorFlow Lite schema; of a custom one, its own."""
    if code.customCode:
        return f"custom {code.customCode.decode()}"
    # Codes above 127 stand in the newer field alone.
    return _op_names()[max(code.builtinCode, code.deprecatedBuiltinCode)]


def count_ops(model: Any, graph: Any) -> dict[str, int]:
    """Counts the operations of one graph of a ``ModelT`` by name, most frequent first."""
    counts = Counter(op_name(model.operatorCodes[operator.opcodeIndex]) for operator in graph.operators)
    return dict(counts.most_common())


def named_constants(flatbuffer: bytes) -> dict[str, NDArray[np.floating[Any]]]:
    """Returns the named floating-point constants of a model's first graph, a product's weights as (inputs, outputs)."""
    from ai_edge_litert import schema_py_generated as schema

    dtypes = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.FLOAT16: np.float16}
    model = schema.ModelT.InitFromPackedBuf(flatbuffer, 0)
    named: dict[str, NDArray[np.floating[Any]]] = {}
    for tensor in model.subgraphs[0].tensors:
        if tensor.type in dtypes and is_constant(model, tensor):
            data = bytes(model.buffers[tensor.buffer].data)
            array = np.frombuffer(data, dtypes[tensor.type]).reshape(tensor.shape)
            # A FULLY_CONNECTED operation has its weights the other way round.
            array = array.T.copy() if array.ndim == 2 else array.copy()
            # Equal constants are stored once, under all of their names.
            named |= {name: array for name in tensor.name.decode().split(";") if "/" in name}
    return named


def is_constant(model: Any, tensor: Any) -> bool:
    """Returns whether a ``TensorT`` has its values in the file."""
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def shape_of(tensor: Any) -> tuple[int, ...]:
    """Returns the sizes of a ``TensorT``."""
    return tuple(int(size) for size in tensor.shape) if tensor.shape is not None else ()


def computed_bytes(model: Any, graph: Any) -> tuple[int, int]:
    """Returns the bytes of all computed tensors, and of those alive at the fullest moment."""
    sizes = [_bytes(model, tensor) for tensor in graph.tensors]
    end = len(graph.operators)
    first = {int(index): 0 for index in graph.inputs}
    last = dict.fromkeys([int(index) for index in graph.outputs], end)
    for position, operator in enumerate(graph.operators):
        for index in operator.outputs:
            first.setdefault(int(index), position)
            last.setdefault(int(index), position)
        for index in operator.inputs:
            last[int(index)] = max(last.get(int(index), position), position)
    change = np.zeros(end + 2, np.int64)
    for index, begin in first.items():
        change[begin] += sizes[index]
        change[last.get(index, begin) + 1] -= sizes[index]
    return sum(sizes[index] for index in first), int(np.cumsum(change).max())


def _bytes(model: Any, tensor: Any) -> int:
    if is_constant(model, tensor):
        return 0
    return np.dtype(type_name(tensor)).itemsize * math.prod(shape_of(tensor))
