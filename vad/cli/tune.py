"""`vad tune`: the thresholds and durations of a model, chosen on labelled recordings."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.choosing import choice_options, chosen, need_labels
from vad.cli.model_option import model_option
from vad.cli.rule_options import RULE_OPTIONS, rule_from_options, rule_options

if TYPE_CHECKING:
    from vad.decision import DecisionRule
    from vad.detector import Detector
    from vad.manifests import Recording
    from vad.tuning import Bank, Judged, Tuned

# Of a rule that calls so much of the silence speech, a good F1 says only that there is much speech.
_NEARLY_ALL = 0.9
_SHOWN = {
    "f1": "F1",
    "dcf": "DCF",
    "der": "DER",
    "miss_rate": "miss",
    "false_alarm_rate": "false alarm",
    "alarms_per_hour": "alarms/h",
    "unheard_rate": "unheard",
    "delay_p50_s": "end P50, s",
    "delay_p90_s": "end P90, s",
}


@click.command()
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@model_option()
@click.option("--cost", type=click.Choice(["f1", "dcf", "der", "latency"]), default="f1", show_default=True,
              help="Largest F1, least detection cost or error rate; latency: f1 with --max-delay.")  # fmt: skip
@click.option("--max-delay", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
              help="Nine of ten ends of speech have to be known within this.")  # fmt: skip
@click.option("--max-alarms", type=click.FloatRange(0, min_open=True), metavar="PER_HOUR",
              help="At most so many segments in an hour of recordings without speech.")  # fmt: skip
@click.option("--max-unheard", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="SHARE",
              help="Of at most this share of the recordings with speech, none is found: 0.02 for 2 %.")  # fmt: skip
@choice_options
@click.option("--collar", type=click.FloatRange(0), default=0.0, show_default=True, metavar="SECONDS",
              help="Width of the unscored zone around a boundary, half before and half after it.")  # fmt: skip
@click.option("--bootstrap", type=click.IntRange(0), default=200, show_default=True, metavar="N",
              help="Resamples of the recordings for 95 % intervals; 0 for none.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--preset-out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.toml",
              help="Write the rule as a preset, for --preset FILE.toml.")  # fmt: skip
@click.option("--write-model", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.tflite",
              help="Write the model again with the rule as its own.")  # fmt: skip
@rule_options
@click.pass_context
def command(ctx: click.Context, /, manifests: tuple[str, ...], **options: Any) -> None:
    """Choose the thresholds and durations of the decision on the labelled recordings of manifests.

    The search begins with the model's rule and what --preset changes. What an option of the rule gives is held; so are
    the merge gap and the longest segment. The others are searched. The detector runs once over the recordings. Audio
    is looked for in VAD_DATA_HOME and beside the manifest.
    """
    from vad.detector import Detector
    from vad.tuning import Aim, tune

    _check(options)
    recordings = _choose(manifests, options)
    _check_outputs(manifests, recordings, options)
    detector = Detector(options["model"])
    start = rule_from_options(detector.rule, options, model=detector.artifact.digest)
    held = [name if name.endswith("threshold") else f"{name}_s" for name in RULE_OPTIONS if options[name] is not None]
    bank = _fill(recordings, detector, options["collar"])
    for failure in bank.failures:
        click.echo(f"vad: {failure.recording}: {failure.reason}", err=True)
    cost = "f1" if options["cost"] == "latency" else options["cost"]
    aim = Aim(cost, options["max_delay"], options["max_alarms"], options["max_unheard"])
    tuned = tune(bank, start, aim, held=held, n_resamples=options["bootstrap"])
    origin = {"model": detector.artifact.digest, "manifests": list(manifests), **_summary(tuned)}
    if tuned.after.measures["false_alarm_rate"] > _NEARLY_ALL:
        click.echo("vad: the chosen rule takes nearly everything for speech: the model cannot tell", err=True)
    click.echo(_json(tuned, bank, origin) if options["form"] == "json" else _tables(tuned, bank))
    # After the result is told: hours of listening may be behind it.
    _write(tuned.after.rule, origin, detector, options)
    if bank.failures:
        ctx.exit(1)


def _check(options: dict[str, Any]) -> None:
    if options["cost"] == "latency" and options["max_delay"] is None:
        raise click.UsageError("--cost latency is the largest F1 within a delay: give --max-delay SECONDS")
    preset, model = options["preset_out"], options["write_model"]
    if preset is not None and preset.suffix != ".toml":
        raise click.UsageError(f"--preset-out {preset}: a preset is a .toml file")
    if model is not None and model.suffix != ".tflite":
        raise click.UsageError(f"--write-model {model}: a model is a .tflite file")


def _check_outputs(manifests: tuple[str, ...], recordings: list[Recording], options: dict[str, Any]) -> None:
    """Refuses before the search what would replace what it reads, or could not be written after it."""
    from vad.cli.apart import refuse_corpus, refuse_model, refuse_twice
    from vad.files import check_writable

    outputs = [("--preset-out", options["preset_out"]), ("--write-model", options["write_model"])]
    refuse_corpus(outputs, manifests, recordings)
    # The preset that the search begins with may be replaced by what it ends with.
    refuse_model(outputs, options["model"])
    refuse_twice(outputs)
    for _, path in outputs:
        check_writable(path)


def _choose(manifests: tuple[str, ...], options: dict[str, Any]) -> list[Recording]:
    recordings = chosen(manifests, options["split"], options["kinds"])
    n_test = sum(recording.split == "test" for recording in recordings)
    if n_test and options["split"] != "test":
        raise click.UsageError(
            f"{n_test} of the recordings belong to the split test: a rule chosen on them says nothing about new "
            "recordings any more. Give --split dev; or --split test, if that is what you want"
        )
    need_labels(manifests, recordings, "tune on")
    return recordings


def _fill(recordings: list[Recording], detector: Detector, collar_s: float) -> Bank:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from vad.manifests import data_home
    from vad.tuning import fill_bank

    columns = (TextColumn("listening"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=sum(r.duration_s for r in recordings if r.speech is not None))
        return fill_bank(recordings, detector, data_home(), collar_s=collar_s, progress=lambda s: bar.advance(task, s))


def _summary(tuned: Tuned) -> dict[str, Any]:
    """Returns what is kept with the rule: for what it was chosen, on how much, and what it reached."""
    aim = tuned.aim
    summary: dict[str, Any] = {"cost": aim.cost, "recordings": tuned.n_recordings}
    if aim.max_delay_s is not None:
        summary["max_delay_s"] = aim.max_delay_s
    if aim.max_alarms_per_hour is not None:
        summary["max_alarms_per_hour"] = aim.max_alarms_per_hour
    if aim.max_unheard is not None:
        summary["max_unheard"] = aim.max_unheard
    summary["before"] = round(tuned.before.measures[aim.cost], 4)
    summary["after"] = round(tuned.after.measures[aim.cost], 4)
    return summary


def _write(rule: DecisionRule, origin: dict[str, Any], detector: Detector, options: dict[str, Any]) -> None:
    import dataclasses

    from vad.artifact import save_artifact
    from vad.files import writing
    from vad.presets import Preset, write_preset

    if options["preset_out"] is not None:
        text = f"Chosen by vad tune for {origin['cost']} on {origin['recordings']} recordings."
        write_preset(options["preset_out"], Preset(str(options["preset_out"]), text, rule.to_dict(), origin))
    if options["write_model"] is not None:
        training = {**detector.metadata.training, "tuned": origin}
        metadata = dataclasses.replace(detector.metadata, decision=rule, training=training)
        with writing(options["write_model"]):
            save_artifact(options["write_model"], detector.artifact.flatbuffer, metadata)


def _json(tuned: Tuned, bank: Bank, origin: dict[str, Any]) -> str:
    document = {
        **origin,
        "intervals": {name: [_finite(low), _finite(high)] for name, (low, high) in tuned.intervals.items()},
        "before": _row(tuned.before),
        "after": _row(tuned.after),
        "trade_off": [_row(judged) for judged in tuned.trade_off],
        "rules_tried": tuned.n_tried,
        "unlabelled": bank.n_unlabelled,
        "failures": [{"recording": f.recording, "reason": f.reason} for f in bank.failures],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _row(judged: Judged) -> dict[str, Any]:
    return {"rule": judged.rule.to_dict(), "measures": {k: _finite(v) for k, v in judged.measures.items()}}


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _tables(tuned: Tuned, bank: Bank) -> str:
    grid = bank.grid
    speech_min, other_min = (
        int((flags & bank.scored).sum()) * grid.hop_length / grid.sample_rate / 60
        for flags in (bank.labels, ~bank.labels)
    )
    aim = tuned.aim
    bounds = []
    if aim.max_delay_s is not None:
        bounds.append(f"nine of ten ends known within {aim.max_delay_s:g} s")
    if aim.max_alarms_per_hour is not None:
        bounds.append(f"at most {aim.max_alarms_per_hour:g} false alarms an hour")
    if aim.max_unheard is not None:
        bounds.append(f"at most {aim.max_unheard:g} of the recordings with speech unheard")
    bound = f" with {' and '.join(bounds)}" if bounds else ""
    lines = [
        f"{tuned.n_recordings} recordings, {speech_min:.1f} min of speech, {other_min:.1f} min without; "
        f"{tuned.n_tried} rules tried for {_SHOWN[aim.cost]}{bound}",
    ]
    if bank.n_unlabelled:
        lines.append(f"passed over {bank.n_unlabelled} without labels")
    before, after = tuned.before.rule.to_dict(), tuned.after.rule.to_dict()
    rows = [["", "before", "tuned"], *([name, _plain(before[name]), _plain(after[name])] for name in before)]
    rows.append([_SHOWN[aim.cost], _estimate(tuned, "before"), _estimate(tuned, "after")])
    lines += ["", *_aligned(rows), _change(tuned), "", "the tuned durations at other thresholds:"]
    table = [["onset", "offset", *_SHOWN.values()]]
    for judged in tuned.trade_off:
        mark = "*" if judged.rule == tuned.after.rule else ""
        thresholds = [f"{judged.rule.onset_threshold:g}{mark}", f"{judged.rule.offset_threshold:g}"]
        table.append([*thresholds, *(_number(judged.measures[name]) for name in _SHOWN)])
    return "\n".join([*lines, *_aligned(table)])


def _change(tuned: Tuned) -> str:
    cost = tuned.aim.cost
    change = tuned.after.measures[cost] - tuned.before.measures[cost]
    text = f"change {change:+.4f}"
    if "change" in tuned.intervals:
        low, high = tuned.intervals["change"]
        text += f" [{low:+.4f}, {high:+.4f}], 95 % over recordings"
        if low <= 0 <= high:
            text += ": no more than chance may give"
    return text


def _estimate(tuned: Tuned, which: str) -> str:
    value = {"before": tuned.before, "after": tuned.after}[which].measures[tuned.aim.cost]
    if which not in tuned.intervals:
        return _number(value)
    low, high = tuned.intervals[which]
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _plain(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "never" if value == math.inf else "-"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
