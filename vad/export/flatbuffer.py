"""A TensorFlow Lite flatbuffer as objects that can be changed, and back to bytes.

The schema is LiteRT's own (`ai_edge_litert.schema_py_generated`). Written anew, a file is smaller than the
converter's: equal constants are stored once, tensors without constants share the empty buffer, and only tensors that
somebody looks up by name keep theirs. The network's weights are among these: ``lstm_0/kernel`` and so on, so that
they can be read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from vad.errors import ModelError
from vad.graphs import op_name

# Kernels read constants as vectors of 16 bytes.
_ALIGNMENT = 16
# TensorFlow Lite's own separator in the name of a tensor that stands for several.
_SEPARATOR = ";"
_FIRST_SIZE = 1 << 20
# Weights of recurrent layers that stand in products.
_MATRICES = ("/kernel", "/recurrent", "/gates", "/projection")

DTYPES: Mapping[int, type[np.generic]] = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
    schema.TensorType.INT8: np.int8,
    schema.TensorType.INT16: np.int16,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.INT64: np.int64,
}
_CODES = {dtype: code for code, dtype in DTYPES.items()}


class _AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer whose data is aligned as the schema asks; the generated code forgets it."""

    def __init__(self, data: bytes | None) -> None:
        super().__init__()
        self.data = data

    def Pack(self, builder: Any) -> Any:
        data = None
        if self.data is not None:
            builder.StartVector(1, len(self.data), _ALIGNMENT)
            builder.head = builder.head - len(self.data)
            builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def unpack(flatbuffer: bytes) -> Any:
    """Returns the model as a ``ModelT`` whose fields can be changed."""
    return schema.ModelT.InitFromPackedBuf(flatbuffer, 0)


def pack(model: Any) -> bytes:
    """Returns the bytes of a ``ModelT``; tensors that nothing uses go, and its buffers are put together."""
    for number, graph in enumerate(model.subgraphs):
        mappings = [
            mapping
            for definition in model.signatureDefs
            if definition.subgraphIndex == number
            for mapping in (*definition.inputs, *definition.outputs)
        ]
        _drop_unused(graph, mappings)
    _join_buffers(model)
    builder = flatbuffers.Builder(_FIRST_SIZE)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _drop_unused(graph: Any, mappings: list[Any]) -> None:
    """Removes the tensors of a graph that no operation and no signature names."""
    lists = [(holder, side) for holder in (graph, *graph.operators) for side in ("inputs", "outputs")]
    used = {int(index) for holder, side in lists for index in getattr(holder, side) if index >= 0}
    used |= {mapping.tensorIndex for mapping in mappings}
    places = {index: place for place, index in enumerate(sorted(used))} | {-1: -1}
    graph.tensors = [graph.tensors[index] for index in sorted(used)]
    for holder, side in lists:
        setattr(holder, side, np.array([places[int(index)] for index in getattr(holder, side)], np.int32))
    for mapping in mappings:
        mapping.tensorIndex = places[mapping.tensorIndex]


def _join_buffers(model: Any) -> None:
    """Stores equal constants once; buffer 0 is the empty one, of all tensors that are computed."""
    numbers: dict[bytes, int] = {b"": 0}
    holders = [tensor for graph in model.subgraphs for tensor in graph.tensors] + list(model.metadata)
    for holder in holders:
        holder.buffer = numbers.setdefault(content(model, holder), len(numbers))
    model.buffers = [_AlignedBuffer(data if data else None) for data in numbers]


def content(model: Any, tensor: Any) -> bytes:
    """Returns the bytes of a tensor's constant; none for a tensor that is computed."""
    data = model.buffers[tensor.buffer].data
    return b"" if data is None else bytes(data)


def constant(model: Any, tensor: Any) -> NDArray[Any]:
    """Returns a tensor's constant as an array."""
    return np.frombuffer(content(model, tensor), DTYPES[tensor.type]).reshape(tensor.shape)


def add_tensor(
    model: Any, graph: Any, shape: Any, dtype: type[np.generic], *, data: NDArray[Any] | None = None, name: str = ""
) -> int:
    """Adds a tensor to a graph, with a constant or without, and returns its index."""
    tensor = schema.TensorT()
    tensor.shape = np.asarray(shape, np.int32)
    tensor.type = _CODES[dtype]
    tensor.name = name.encode()
    tensor.buffer = 0
    tensor.hasRank = True
    if data is not None:
        replace_constant(model, tensor, data)
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def replace_constant(model: Any, tensor: Any, data: NDArray[Any]) -> None:
    """Gives a tensor a constant of the same shape, with its type."""
    tensor.buffer, tensor.type = len(model.buffers), _CODES[data.dtype.type]
    model.buffers.append(_AlignedBuffer(np.ascontiguousarray(data).tobytes()))


def set_quantization(tensor: Any, scale: float, zero_point: int = 0) -> None:
    """Says that a tensor stands for ``scale·(q - zero_point)``."""
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = np.array([scale], np.float32), np.array([zero_point], np.int64)
    tensor.quantization = parameters


def add_op(model: Any, name: str, version: int, inputs: list[int], outputs: list[int]) -> Any:
    """Returns a new operation without options; the caller puts it into a graph."""
    operator = schema.OperatorT()
    operator.opcodeIndex = op_code(model, name, version)
    operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
    return operator


def op_code(model: Any, name: str, version: int) -> int:
    """Returns the index of an operation's code, which is added when it is not there."""
    number = getattr(schema.BuiltinOperator, name)
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == number and code.version == version:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.version = number, version
    # What readers from before 128 operations look at; 127 tells them to look no further.
    code.deprecatedBuiltinCode = min(number, 127)
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def name_tensors(model: Any, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Gives the constants that hold weights, as they are or transposed, their names, and takes the other names away.

    Tensors of the signatures keep the names that the converter gave them. A bias of zeros is no constant: the converter
    leaves it out.

    Raises:
        ModelError: when the model does not hold the weights as they are; nobody could quantise or read them then.
    """
    wanted: dict[bytes, list[str]] = {}
    for name, array in weights.items():
        for data in {array.tobytes(), np.ascontiguousarray(array.T).tobytes()}:
            wanted.setdefault(data, []).append(name)
    found: set[str] = set()
    for graph in model.subgraphs:
        kept = {*graph.inputs.tolist(), *graph.outputs.tolist()}
        for index, tensor in enumerate(graph.tensors):
            if index not in kept:
                names = wanted.get(content(model, tensor), []) if tensor.type == schema.TensorType.FLOAT32 else []
                tensor.name = _SEPARATOR.join(names).encode()
                found.update(names)
    missing = sorted(name for name, array in weights.items() if array.any() and name not in found)
    if missing:
        raise ModelError(f"the converted model does not hold these weights as they are: {', '.join(missing)}")


def named_weights(model: Any, graph: Any) -> Iterator[tuple[str, int]]:
    """Yields the names of weights and the index of the constant that holds each, in one graph."""
    kept = {*graph.inputs.tolist(), *graph.outputs.tolist()}
    for index, tensor in enumerate(graph.tensors):
        if index not in kept and content(model, tensor):
            for name in tensor.name.decode().split(_SEPARATOR):
                if "/" in name:
                    yield name, index


def products(model: Any, graph: Any) -> Iterator[tuple[int, str]]:
    """Yields the network's products with large matrices: position of the operation, and name of its weights."""
    names = {index: name for name, index in named_weights(model, graph) if name.endswith(_MATRICES)}
    for position, operator in enumerate(graph.operators):
        if op_name(model.operatorCodes[operator.opcodeIndex]) == "FULLY_CONNECTED":
            name = names.get(int(operator.inputs[1]), "logits")
            if not name.startswith("logits"):
                yield position, name
