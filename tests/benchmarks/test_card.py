"""The model card quotes the benchmarks' pages, and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click
import numpy as np
import pytest
from click.testing import CliRunner

from vad.detector import Detector
from vad.manifests import read_manifest


def test_the_tables_of_the_card_are_what_the_pages_say(scripts: dict[str, ModuleType]) -> None:
    card = scripts["card"].CARD.read_text(encoding="utf-8")
    assert scripts["card"].quoted(card) == card


def test_another_page_is_another_card(
    scripts: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = scripts["card"]
    card = module.CARD.read_text(encoding="utf-8")
    for name in module.PAGES:
        text = (module.HERE / f"{name}.md").read_text(encoding="utf-8")
        (tmp_path / f"{name}.md").write_text(text.replace("| clean | 0.", "| clean | 0.0"), encoding="utf-8")
    monkeypatch.setattr(module, "HERE", tmp_path)
    changed = module.quoted(card)
    different = [line for line, old in zip(changed.splitlines(), card.splitlines(), strict=True) if line != old]
    assert len(different) == 1 and different[0].startswith("| clean | ")


def test_the_best_is_bold_and_what_has_no_place_is_refused(scripts: dict[str, ModuleType]) -> None:
    module = scripts["card"]
    assert module._cells([0.9, 0.8, 0.9], 3) == ["**0.900**", "0.800", "**0.900**"]
    assert module._cells([13.0, 37.0, 9.0], 0) == ["13", "37", "**9**"]
    with pytest.raises(click.ClickException, match="no <!-- conditions -->"):
        module.quoted("# Model card\n")


def test_false_alarms_are_counted_by_kind(
    scripts: dict[str, ModuleType], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(corpus))
    arguments = ["--engines", "energy", "--bootstrap", "0", "--manifests", str(corpus / "manifests")]
    result = CliRunner().invoke(scripts["false_alarms"].main, arguments)
    assert result.exit_code == 0, result.output
    rates = [line for line in result.output.splitlines() if line.startswith(("| noise | ", "| music | "))]
    assert len(rates) == 6 and all(np.isfinite(float(line.split("|")[2])) for line in rates)
    none = CliRunner().invoke(scripts["false_alarms"].main, [*arguments, "--split", "test"])
    assert none.exit_code == 1 and "of the split 'test'" in none.output


def test_a_higher_confirm_threshold_finds_less_of_everything(
    scripts: dict[str, ModuleType], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(corpus))
    monkeypatch.setattr(scripts["trade_off"], "PEERS", ("energy",))
    arguments = ["--manifests", str(corpus / "manifests"), "--cache", str(tmp_path)]
    result = CliRunner().invoke(scripts["trade_off"].main, arguments)
    assert result.exit_code == 0, result.output
    rows = [line.strip("| ").split(" | ") for line in result.output.splitlines() if line.startswith("| ")]
    names, missed, alarms = zip(*((row[0], row[1], row[3]) for row in rows[2:]), strict=True)
    assert names == ("none", "0.8", "0.85", "0.9", "0.94", "0.96", "0.97", "0.98", "energy")
    shares, counts = [float(cell.rstrip(" %")) for cell in missed[:-1]], [float(cell) for cell in alarms[:-1]]
    assert shares == sorted(shares) and counts == sorted(counts, reverse=True)
    (built,) = tmp_path.glob("dev-*/manifest.jsonl")
    assert {row.split for row in read_manifest(built)} == {"dev"}


def test_the_decision_is_tuned_within_its_bounds(
    scripts: dict[str, ModuleType], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = scripts["decision"]
    monkeypatch.setenv("VAD_DATA_HOME", str(corpus))
    # Buzzes are no words: what is asked of them is little.
    monkeypatch.setattr(module, "MAX_UNHEARD", 0.99)
    arguments = ["--manifests", str(corpus / "manifests"), "--cache", str(tmp_path)]
    result = CliRunner().invoke(module.main, arguments)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert any("at most 13 false alarms an hour and at most 0.99 of the recordings" in line for line in lines)
    built = [read_manifest(path) for path in tmp_path.glob("dev-*/manifest.jsonl")]
    assert {"words", "noise-clips", "music-clips"} <= {row.id.split("/")[0] for rows in built for row in rows}
    monkeypatch.setattr(module, "MAX_ALARMS", -1.0)
    refused = CliRunner().invoke(module.main, arguments)
    assert refused.exit_code == 1 and "--max-alarms" in refused.output


def test_the_packaged_decision_is_what_vad_tune_chooses_but_for_three_hundredths(
    scripts: dict[str, ModuleType],
) -> None:
    page = (scripts["card"].HERE / "decision.md").read_text(encoding="utf-8")
    rows = {words[0]: words[1:] for line in page.splitlines() if len(words := line.split()) == 3}
    for name, packaged in Detector().rule.to_dict().items():
        before, tuned = rows[name]
        assert before == ("none" if packaged is None else f"{packaged:g}"), "the page is of another rule"
        # Lower thresholds gain less than a thousandth of F1, and more of what is no speech lies above them.
        assert tuned == before or (
            name in {"onset_threshold", "offset_threshold"} and abs(float(tuned) - packaged) < 0.04
        )


def test_a_talker_who_says_much_counts_as_much_as_one_who_says_less(scripts: dict[str, ModuleType]) -> None:
    tally = scripts["trade_off"].Tally(heard={"much": [False] * 60, "less": [True] * 20, "little": [False] * 9})
    assert tally.missed() == pytest.approx(69 / 89)
    assert tally.missed_by_talker() == pytest.approx(0.5)
    assert np.isnan(scripts["trade_off"].Tally(heard={"little": [True]}).missed_by_talker())
