"""What the exported artifact is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from vad.config.section import Section


class ExportConfig(Section):
    """The `.tflite` file of a run.

    Attributes:
        frames_per_call: one signature for each of these, unrolled in the graph. 1 must be among them: it serves live
            streams and the rest of every recording; a large one serves files, several times faster a frame.
        quantize: how the weights are stored: `none` float32, `float16`, `dynamic` int8 with ranges found as it runs,
            `int8` and `int16x8` with ranges calibrated on speech. What differs by too much from Keras is refused.
        input: what a call takes: `audio`, the front-end is in the file; `features`, the caller makes the frames.
        dft: how the front-end transforms: `matmul`, products that every runtime has and LiteRT does fastest; `rfft`,
            LiteRT's own transform, in a smaller file.
        max_difference: the export in float32 is refused when a posterior of the file differs by more from Keras.
        license: of the weights, as an SPDX expression; stored in the file.
    """

    frames_per_call: Annotated[tuple[Annotated[int, Field(ge=1, le=256)], ...], Field(min_length=1)] = (1, 32)
    quantize: Literal["none", "float16", "dynamic", "int8", "int16x8"] = "none"
    input: Literal["audio", "features"] = "audio"
    dft: Literal["matmul", "rfft"] = "matmul"
    max_difference: Annotated[float, Field(gt=0.0, le=0.01)] = 1e-4
    license: Annotated[str, Field(min_length=1)] = "Apache-2.0"

    @field_validator("frames_per_call")
    @classmethod
    def _check_frames_per_call(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if 1 not in value:
            raise ValueError("must hold 1, which live streams call")
        if len(set(value)) != len(value):
            raise ValueError("must not hold a number twice")
        return value
