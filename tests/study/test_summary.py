"""Spans, tables and figures of results that were made up."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vad.study.figures import write_figures
from vad.study.summary import Summary, median_gain
from vad.study.tables import mean_and_spread, span_text, to_markdown


@pytest.fixture
def summary(study, made_up):
    """LSTM: all solved by one seed, half by the other; the plain network: nothing."""
    memory, speech, speed = made_up
    found = Summary(study(memory={"lengths": [4, 128]}), speed=speed())
    for task in ("adding", "cue"):
        for bias in ("chrono", "one"):
            found.memory[task, bias, "lstm"] = [{4: memory(), 128: memory()}, {4: memory(), 128: memory(solved=False)}]
        found.memory[task, "chrono", "rnn"] = [{4: memory(solved=False, cell=False)}] * 2
    found.fresh["one", "lstm"] = found.fresh["chrono", "lstm"] = [speech(0.5).gains_before]
    found.speech["lstm"] = [speech(0.95), speech(0.97)]
    found.speech["rnn"] = [speech(0.90, cell=False)]
    return found


def test_the_span_is_the_longest_length_solved(summary):
    assert summary.spans("cue", "chrono", "lstm") == [128, 4]
    assert summary.spans("cue", "chrono", "rnn") == [0, 0]
    # A network without gates begins the same way under every bias.
    assert summary.spans("cue", "one", "rnn") == [0, 0]
    assert span_text(summary, "cue", "chrono", "lstm") == "4 (128, 4)"
    assert span_text(summary, "cue", "chrono", "rnn") == "0"


def test_a_seed_that_is_not_through_has_no_span_yet(summary, made_up):
    summary.memory["cue", "chrono", "lstm"] = [{4: made_up[0]()}]
    assert summary.spans("cue", "chrono", "lstm") == []
    assert span_text(summary, "cue", "chrono", "lstm") == "–"


def test_tables_have_a_row_for_every_variant(summary):
    text = to_markdown(summary)
    assert text.count("\n| lstm |") == text.count("\n| rnn |") == 4
    assert "0.9600 ± 0.0141" in text
    assert mean_and_spread([0.5]) == "0.5000"
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_a_study_that_has_only_begun_has_tables_and_figures_of_what_there_is(tmp_path, study, made_up):
    begun = Summary(study())
    assert to_markdown(begun) == ""
    assert write_figures(begun, tmp_path) == []
    begun.memory["cue", "one", "rnn"] = [{4: made_up[0](solved=False, cell=False)}]
    assert "Memory span" in to_markdown(begun)
    assert len(write_figures(begun, tmp_path)) == 3


def test_gains_that_are_not_finite_are_left_out(made_up):
    gains = {"distance": [1, 10], "h": [0.5, None]}
    assert median_gain([gains], "h", 9) is None
    assert median_gain([gains, {"distance": [1, 10], "h": [0.5, 0.25]}], "h", 9) == 0.25


def test_the_same_results_give_the_same_pictures(tmp_path, summary):
    first, again = write_figures(summary, tmp_path / "1"), write_figures(summary, tmp_path / "2")
    assert [path.name for path in first] == [
        f"small-{name}.png" for name in ("speech", "memory", "gradient", "gradients", "cost")
    ]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
        pixels = np.asarray(Image.open(one).convert("L"))
        assert pixels.std() > 5, one
