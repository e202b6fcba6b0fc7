"""The ranges of what goes through the network's products, on the state trajectories of real sound."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Metadata
from vad.errors import ModelError
from vad.export.flatbuffer import products, unpack
from vad.export.quantize import Range
from vad.features.streaming import StreamingLogMel
from vad.models.weights import StepWeights


def calibrate(flatbuffer: bytes, metadata: Metadata, samples: NDArray[np.float32]) -> dict[str, Range]:
    """Runs a float32 model over a stream, the state carried from frame to frame, and watches its products.

    Args:
        flatbuffer: from `convert_step_model`; its signature of one frame is run.
        metadata: of it.
        samples: float32 ``(n,)``, a minute and more of what the model will hear: states of zero, or of noise, would
            give ranges that speech leaves.

    Returns:
        Ranges by the name of the weights.

    Raises:
        ModelError: when something on the way is not finite.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    model = unpack(flatbuffer)
    name = next(name for name, frames in metadata.signatures.items() if frames == 1)
    number = next(d.subgraphIndex for d in model.signatureDefs if d.signatureKey.decode() == name)
    # Without XNNPACK, which would keep what is between the operations to itself.
    interpreter = Interpreter(
        model_content=flatbuffer,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    watched = _watched(model, model.subgraphs[number])
    low = {index: math.inf for pair in watched.values() for index in pair}
    high = dict.fromkeys(low, -math.inf)
    run = interpreter.get_signature_runner(name)
    state = {name: np.zeros(shape, np.float32) for name, shape in metadata.states.items()}
    for inputs in _inputs(metadata, samples):
        state = run(**{metadata.input: inputs}, **state)
        del state["posteriors"]
        for index, least in low.items():
            value = interpreter.get_tensor(index, number)
            low[index], high[index] = min(least, float(value.min())), max(high[index], float(value.max()))
    if not np.isfinite([*low.values(), *high.values()]).all():
        raise ModelError("calibration: the network gives values that are not finite; train it again")
    ranges = {}
    for weights, (source, output) in watched.items():
        bottom = low[source]
        if weights.endswith("_0/kernel"):
            bottom = min(bottom, _silence(flatbuffer, metadata))
        ranges[weights] = Range(bottom, high[source], low[output], high[output])
    return ranges


def _silence(flatbuffer: bytes, metadata: Metadata) -> float:
    """Returns the least that the first layer sees in digital silence, whether the stream has some or not."""
    weights = StepWeights.from_flatbuffer(flatbuffer)
    silent = np.full(weights.inputs, math.log(metadata.features.log_floor))
    if weights.pcen is not None:
        # The last of them are frames against their running mean: never less than nothing.
        silent[-len(weights.pcen) :] = 0.0
    if weights.scale is not None:
        silent[: len(weights.scale)] *= weights.scale
    return float((silent if weights.mean is None else silent - weights.mean).min())


def _watched(model: Any, graph: Any) -> dict[str, tuple[int, int]]:
    """Returns input and output tensors of the products by the name of their weights."""
    found = {}
    for position, weights in products(model, graph):
        operator = graph.operators[position]
        found[weights] = (int(operator.inputs[0]), int(operator.outputs[0]))
    return found


def _inputs(metadata: Metadata, samples: NDArray[np.float32]) -> Any:
    """Yields what the signature of one frame takes, frame by frame."""
    spec = metadata.features
    if metadata.input == "features":
        yield from StreamingLogMel(spec).push(samples)[:, np.newaxis, np.newaxis]
        return
    for frame in range(spec.grid.count(len(samples))):
        yield samples[np.newaxis, frame * spec.hop_length : frame * spec.hop_length + spec.win_length]
