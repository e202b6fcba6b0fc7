"""What is inside a model: operations, tensors, signatures, memory and time, by LiteRT alone."""

from __future__ import annotations

import functools
import math
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vad.arena import arena_bytes
from vad.artifact import Artifact
from vad.errors import ModelError
from vad.runtime import Session

_TIMED_FRAMES = 500
_TIMED_ROUNDS = 5


@dataclass(frozen=True)
class TensorRow:
    """A named tensor of a signature.

    Args:
        name: in the signature.
        shape: its sizes.
        dtype: NumPy's name of its type.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class ConstantRow:
    """A named constant: weights of the network.

    Args:
        name: of the weights.
        shape: as it is stored; a product has its weights as ``(outputs, inputs)``.
        dtype: NumPy's name of its type.
        size: in bytes.
        scale: what its integers are to be multiplied by; None for floats.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    scale: float | None


@dataclass(frozen=True)
class SignatureRow:
    """A signature: one call.

    Args:
        name: of the signature.
        frames: that one call advances.
        inputs: tensors that go in.
        outputs: tensors that come out.
        ops: how many operations of each kind, most frequent first.
        arena_bytes: memory of all tensors that are computed as LiteRT's planner places them, with what its kernels need
            besides; None where it cannot be seen. Constants are read where they are.
        live_bytes: memory of the tensors that are alive at once, at the fullest moment: what no planner can go below.
        unshared_bytes: memory of all tensors that are computed when none shares its place with another.
        call_us: median time of one call from Python on one thread, in microseconds.
    """

    name: str
    frames: int
    inputs: tuple[TensorRow, ...]
    outputs: tuple[TensorRow, ...]
    ops: Mapping[str, int]
    arena_bytes: int | None
    live_bytes: int
    unshared_bytes: int
    call_us: float

    @property
    def frame_us(self) -> float:
        """Time of one frame in microseconds."""
        return self.call_us / self.frames


@dataclass(frozen=True)
class Inspection:
    """A model from the inside.

    Args:
        artifact: the model.
        weights: the named constants.
        constants: bytes of all constants by type, each stored constant once.
        tensors: how many tensors of each type are computed, over all signatures.
        signatures: from the smallest call to the largest.
    """

    artifact: Artifact
    weights: tuple[ConstantRow, ...]
    constants: Mapping[str, int]
    tensors: Mapping[str, int]
    signatures: tuple[SignatureRow, ...]

    @property
    def ops(self) -> Mapping[str, int]:
        """Operations of each kind over all signatures, most frequent first."""
        total: Counter[str] = Counter()
        for row in self.signatures:
            total.update(row.ops)
        return dict(total.most_common())

    @property
    def compression(self) -> str:
        """What the network sees of the power in each band, as `model.compression` names it: log, pcen or both."""
        shapes = {name: row.shape for row in self.weights for name in row.name.split(";")}
        if "pcen/smoothing" not in shapes:
            return "log"
        inputs = next(shape[-1] for name, shape in shapes.items() if name.endswith("_0/kernel"))
        return "both" if inputs > math.prod(shapes["pcen/smoothing"]) else "pcen"


@functools.cache
def _op_names() -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}


@functools.cache
def _type_names() -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {number: name.lower() for name, number in vars(schema.TensorType).items() if isinstance(number, int)}


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


def inspect(artifact: Artifact) -> Inspection:
    """Looks into a model and runs it to take its time.

    Raises:
        ModelError: when LiteRT cannot run it.
    """
    from ai_edge_litert import schema_py_generated as schema

    session = Session(artifact)
    model = schema.ModelT.InitFromPackedBuf(artifact.flatbuffer, 0)
    computed: Counter[str] = Counter()
    constants: dict[int, Any] = {}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            if _is_constant(model, tensor):
                constants.setdefault(tensor.buffer, tensor)
            else:
                computed[_type_names()[tensor.type]] += 1
    sizes: Counter[str] = Counter()
    for buffer, tensor in constants.items():
        sizes[_type_names()[tensor.type]] += len(model.buffers[buffer].data)
    weights = sorted((_constant(model, t) for t in constants.values() if t.name), key=lambda row: row.name)
    rows = [_signature(model, artifact, session, name) for name in artifact.metadata.signatures]
    rows.sort(key=lambda row: row.frames)
    return Inspection(artifact, tuple(weights), dict(sizes.most_common()), dict(computed.most_common()), tuple(rows))


def _signature(model: Any, artifact: Artifact, session: Session, name: str) -> SignatureRow:
    definition = next((d for d in model.signatureDefs if d.signatureKey.decode() == name), None)
    if definition is None:
        raise ModelError(f"{artifact.name}: there is no signature {name!r}")
    graph = model.subgraphs[definition.subgraphIndex]
    unshared, live = _memory(model, graph)
    return SignatureRow(
        name=name,
        frames=artifact.metadata.signatures[name],
        inputs=tuple(_rows(graph, definition.inputs)),
        outputs=tuple(_rows(graph, definition.outputs)),
        ops=count_ops(model, graph),
        arena_bytes=arena_bytes(artifact, name),
        live_bytes=live,
        unshared_bytes=unshared,
        call_us=_time(session, name, graph, definition),
    )


def _is_constant(model: Any, tensor: Any) -> bool:
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def _constant(model: Any, tensor: Any) -> ConstantRow:
    parameters = tensor.quantization
    has_scale = parameters is not None and parameters.scale is not None and len(parameters.scale) > 0
    return ConstantRow(
        name=tensor.name.decode(),
        shape=_shape(tensor),
        dtype=_type_names()[tensor.type],
        size=len(model.buffers[tensor.buffer].data),
        scale=float(parameters.scale[0]) if has_scale else None,
    )


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in tensor.shape) if tensor.shape is not None else ()


def _rows(graph: Any, mappings: Any) -> Iterator[TensorRow]:
    for mapping in mappings:
        tensor = graph.tensors[mapping.tensorIndex]
        yield TensorRow(mapping.name.decode(), _shape(tensor), _type_names()[tensor.type])


def _memory(model: Any, graph: Any) -> tuple[int, int]:
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
    if _is_constant(model, tensor):
        return 0
    return np.dtype(_type_names()[tensor.type]).itemsize * math.prod(_shape(tensor))


def _time(session: Session, name: str, graph: Any, definition: Any) -> float:
    """Returns the median time of a call over noise, in microseconds."""
    rng = np.random.default_rng(0)
    call = session.runner(name)
    inputs = {row.name: np.zeros(row.shape, row.dtype) for row in _rows(graph, definition.inputs)}
    source = session.artifact.metadata.input
    inputs[source] = rng.normal(0, 0.1, inputs[source].shape).astype(np.float32)
    states = [state for state in inputs if state != source]
    n_calls = _TIMED_FRAMES // session.artifact.metadata.signatures[name] + 1
    rounds = []
    for _ in range(_TIMED_ROUNDS):
        started = time.perf_counter()
        for _ in range(n_calls):
            results = call(**inputs)
            inputs |= {state: results[state] for state in states}
        rounds.append((time.perf_counter() - started) / n_calls)
    return statistics.median(rounds) * 1e6
