"""The command line: a command is a file in this folder, loaded only when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from vad import __version__
from vad.cli.standard_streams import give_up_output, prepare_streams
from vad.errors import ConfigError, MissingDependencyError, VadError, cannot_write, extra_line
from vad.files import STDOUT

# Kept here so that `vad --help` imports none of them.
_COMMANDS = {
    "detect": ("vad.cli.detect", "Find the speech in recordings."),
    "split": ("vad.cli.split", "Write each segment of speech as an audio file."),
    "trim": ("vad.cli.trim", "Write a recording without its silence, and a map of times."),
    "plot": ("vad.cli.plot", "Draw a recording with the speech found in it, or make a page to explore."),
    "explain": ("vad.cli.explain", "Look into the network: gates, memory, and what would change a decision."),
    "listen": ("vad.cli.listen", "Tell speech as it is spoken, from a microphone or a pipe."),
    "train": ("vad.cli.train", "Train a model from a config and export it."),
    "prepare": ("vad.cli.prepare", "Make the training shards of a config."),
    "study": ("vad.cli.study", "Compare kinds of recurrent cell on speech and on memory."),
    "export": ("vad.cli.export", "Turn a trained run into a .tflite file and verify it."),
    "inspect": ("vad.cli.inspect", "Say what is inside a model, and how fast it runs."),
    "evaluate": ("vad.cli.evaluate", "Score the detector, and others, on labelled recordings."),
    "tune": ("vad.cli.tune", "Choose thresholds and durations on labelled recordings."),
    "benchmark": ("vad.cli.benchmark", "Measure speed, start-up and memory on this machine."),
    "data": ("vad.cli.data", "Check, count, fetch, import and label corpora."),
}
# Commands that train or export import these when they are called; `pip install lstm-vad` alone brings none of them.
_OF_TRAIN = frozenset({"audiomentations", "keras", "librosa", "pydantic", "scipy", "sklearn", "tensorflow", "yaml"})


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and whose errors are one line."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        prepare_streams()
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.filename != STDOUT:
                raise
            give_up_output()
            click.echo(f"vad: {cannot_write(STDOUT, error)}", err=True)
            sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VadError as error:
            click.echo(f"vad: {error}", err=True)
            ctx.exit(2 if isinstance(error, ConfigError) else 1)
        except ModuleNotFoundError as error:
            package = str(error.name).partition(".")[0]
            if package not in _OF_TRAIN:
                raise
            purpose = f"vad {ctx.invoked_subcommand}"
            click.echo(
                f"vad: {MissingDependencyError(package, install=extra_line('train'), purpose=purpose)}", err=True
            )
            ctx.exit(1)
        except BrokenPipeError:
            # The reader of our output has gone (`vad detect … | head`): nobody is left to tell.
            give_up_output()
            ctx.exit(1)


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, "-V", "--version", prog_name="vad", message="%(prog)s %(version)s")
def main() -> None:
    """Speech activity detection: find, train, export and judge.

    Results go to standard output, everything else to standard error. Exit status: 0 done, 1 something failed,
    2 wrong usage or config.
    """
