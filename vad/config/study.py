"""The config of a study: which cells are compared, on which tasks, with how much training."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from vad.config.model import Cell
from vad.config.section import Section

GateBias = Literal["chrono", "one"]


def _distinct(values: tuple[object, ...]) -> tuple[object, ...]:
    twice = [value for index, value in enumerate(values) if value in values[:index]]
    if twice:
        raise ValueError(f"must name each once; received {twice[0]!r} twice")
    return values


def _rising(lengths: tuple[int, ...]) -> tuple[int, ...]:
    if any(after <= before for before, after in pairwise(lengths)):
        raise ValueError(f"must rise from the shortest to the longest; received {list(lengths)}")
    return lengths


class SpeechStudy(Section):
    """The comparison on speech.

    Attributes:
        config: of the training that every variant goes through, as ``vad train`` takes it; `model.cell` and
            `training.seed` are replaced.
        gain_frames: over how many frames of the dev mixtures the gradient is followed back.
        gain_excerpts: over how many excerpts of them.
    """

    config: Path
    gain_frames: Annotated[int, Field(ge=2)] = 1000
    gain_excerpts: PositiveInt = 16


class MemoryStudy(Section):
    """What both memory tasks share: the network, its training and the ladder of lengths.

    Attributes:
        lengths: from the shortest; a variant goes on to the next one only when it has solved the one before.
        gate_biases: how the biases of gates begin. `chrono`: gates that keep draw theirs so that the memories of the
            units reach from one step to the whole length, gates that write draw the opposite. `one`: as in training on
            speech, 1 for forget gates.
        units: width of the one recurrent layer.
        batch_size: sequences in an update.
        updates: at most, for each length.
        learning_rate: of Adam.
        clip_norm: gradients are scaled down to this global norm.
        evaluate_every: updates between two looks at the held-out sequences.
        held_out: how many sequences these are.
        give_up_after: a trial ends after this share of its updates when it is no better than chance.
        gain_sequences: on how many held-out sequences of the cue task the gradient is followed back.
    """

    lengths: Annotated[tuple[Annotated[int, Field(ge=2)], ...], Field(min_length=1), AfterValidator(_rising)]
    gate_biases: Annotated[tuple[GateBias, ...], Field(min_length=1), AfterValidator(_distinct)] = ("chrono", "one")
    units: PositiveInt = 16
    batch_size: PositiveInt = 32
    updates: PositiveInt = 700
    learning_rate: PositiveFloat = 0.01
    clip_norm: PositiveFloat = 1.0
    evaluate_every: PositiveInt = 50
    held_out: PositiveInt = 256
    give_up_after: Annotated[float, Field(gt=0.0, le=1.0)] = 0.75
    gain_sequences: PositiveInt = 16


class AddingStudy(Section):
    """Add the two marked numbers of a long row.

    Attributes:
        solved_error: mean squared error on held-out rows at which it counts as solved; 1/6 is chance.
    """

    solved_error: Annotated[float, Field(gt=0.0, lt=1 / 6)] = 0.01


class CueStudy(Section):
    """Say after a long silence which cue came before it.

    Attributes:
        cues: how many there are to tell apart.
        noise: standard deviation of what is heard in the silence.
        solved_accuracy: share of held-out sequences answered rightly at which it counts as solved.
    """

    cues: Annotated[int, Field(ge=2)] = 4
    noise: NonNegativeFloat = 0.01
    solved_accuracy: Annotated[float, Field(gt=0.5, le=1.0)] = 0.99


class SpeedStudy(Section):
    """How fast variants learn and run, in turns, so that what else the machine does meets all of them alike.

    Attributes:
        rounds: turns; the medians over them count.
        steps: training steps of a variant in a turn.
        frames: that the exported step model is run over in a turn.
    """

    rounds: PositiveInt = 7
    steps: PositiveInt = 2
    frames: PositiveInt = 4096


class StudyConfig(Section):
    """Kinds of recurrent cell side by side: the same data, the same budget, several seeds.

    Attributes:
        name: what the study is called; its folder's name unless another is given.
        seeds: every trial is run with each of them.
        variants: kinds of cell, as `model.cell` names them.
        speech: the comparison on speech.
        memory: what both memory tasks share.
        adding: the adding problem.
        cue: remembering a cue.
        speed: how speed is measured.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1), AfterValidator(_distinct)]
    variants: Annotated[tuple[Cell, ...], Field(min_length=1), AfterValidator(_distinct)]
    speech: SpeechStudy
    memory: MemoryStudy
    adding: AddingStudy = AddingStudy()
    cue: CueStudy = CueStudy()
    speed: SpeedStudy = SpeedStudy()

    @model_validator(mode="after")
    def _can_tell(self) -> StudyConfig:
        if self.cue.solved_accuracy <= 1 / self.cue.cues:
            raise ValueError(
                f"cue.solved_accuracy must be above chance, 1/{self.cue.cues}; received {self.cue.solved_accuracy:g}"
            )
        return self
