"""What is inside a model: operations, tensors, signatures, memory and time, by LiteRT alone."""

from __future__ import annotations

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
from vad.graphs import computed_bytes, count_ops, is_constant, shape_of, type_name
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
            if is_constant(model, tensor):
                constants.setdefault(tensor.buffer, tensor)
            else:
                computed[type_name(tensor)] += 1
    sizes: Counter[str] = Counter()
    for buffer, tensor in constants.items():
        sizes[type_name(tensor)] += len(model.buffers[buffer].data)
    weights = sorted((_constant(model, t) for t in constants.values() if t.name), key=lambda row: row.name)
    rows = [_signature(model, artifact, session, name) for name in artifact.metadata.signatures]
    rows.sort(key=lambda row: row.frames)
    return Inspection(artifact, tuple(weights), dict(sizes.most_common()), dict(computed.most_common()), tuple(rows))


def _signature(model: Any, artifact: Artifact, session: Session, name: str) -> SignatureRow:
    definition = next((d for d in model.signatureDefs if d.signatureKey.decode() == name), None)
    if definition is None:
        raise ModelError(f"{artifact.name}: there is no signature {name!r}")
    graph = model.subgraphs[definition.subgraphIndex]
    unshared, live = computed_bytes(model, graph)
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


def _constant(model: Any, tensor: Any) -> ConstantRow:
    parameters = tensor.quantization
    has_scale = parameters is not None and parameters.scale is not None and len(parameters.scale) > 0
    return ConstantRow(
        name=tensor.name.decode(),
        shape=shape_of(tensor),
        dtype=type_name(tensor),
        size=len(model.buffers[tensor.buffer].data),
        scale=float(parameters.scale[0]) if has_scale else None,
    )


def _rows(graph: Any, mappings: Any) -> Iterator[TensorRow]:
    for mapping in mappings:
        tensor = graph.tensors[mapping.tensorIndex]
        yield TensorRow(mapping.name.decode(), shape_of(tensor), type_name(tensor))


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
