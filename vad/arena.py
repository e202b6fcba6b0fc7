"""The memory that LiteRT's planner lays the tensors of a call out in."""

from __future__ import annotations

from typing import Any

import numpy as np

from vad.artifact import Artifact

# What lies further apart is no part of one block: kernels that keep something between calls have a block of their own.
_GAP = 4096


def arena_bytes(artifact: Artifact, signature: str) -> int | None:
    """Returns the memory of all computed tensors of a signature, as LiteRT's planner places them.

    LiteRT does not tell it. It is read from where the tensors are: from the first byte of a block to its last, with
    LiteRT's own kernels, for what a delegate takes over is no longer in the arena. Kernels' scratch memory is in it.

    Returns:
        None where this LiteRT does not let its tensors be looked at.

    Raises:
        ValueError: when LiteRT has no signature of that name.
    """
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=artifact.flatbuffer, num_threads=1, experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner(signature)
    inputs = {name: np.zeros(row["shape"], row["dtype"]) for name, row in runner.get_input_details().items()}
    # What kernels ask for when they are run is laid out then.
    runner(**inputs)
    try:
        place = runner._subgraph_index
        model = schema.ModelT.InitFromPackedBuf(artifact.flatbuffer, 0)
        views = [
            interpreter._interpreter.tensor(interpreter._interpreter, row["index"], place)
            for row in interpreter.get_tensor_details(place)
            if not _is_constant(model, place, row["index"])
        ]
    except (AttributeError, TypeError):
        return None
    return _covered(sorted((view.__array_interface__["data"][0], view.nbytes) for view in views if view.nbytes))


def _is_constant(model: Any, place: int, index: int) -> bool:
    graph = model.subgraphs[place]
    # Behind the model's own tensors lie those of kernels.
    if index >= len(graph.tensors):
        return False
    data = model.buffers[graph.tensors[index].buffer].data
    return data is not None and len(data) > 0


def _covered(places: list[tuple[int, int]]) -> int:
    """Returns the bytes of all blocks that places, in order, make up."""
    total, begin, end = 0, 0, 0
    for start, size in places:
        if start > end + _GAP:
            total += end - begin
            begin = end = start
        end = max(end, start + size)
    return total + end - begin
