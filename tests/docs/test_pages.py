"""The Python of the pages runs as it stands, from top to bottom."""

from __future__ import annotations

import re

import pytest

from vad.artifact import load_artifact


@pytest.mark.parametrize("page", ["streaming", "decisions", "explain"])
def test_the_examples_run(page, repository, energy_artifact, monkeypatch, capsys):
    # The pages use the model of the package; any other does for seeing that they run.
    monkeypatch.setattr("vad.detector.packaged_artifact", lambda: load_artifact(energy_artifact))
    monkeypatch.chdir(repository)
    blocks = re.findall(
        r"^```python\n(.*?)^```", (repository / f"docs/{page}.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert blocks
    scope: dict[str, object] = {"__name__": page}
    for block in blocks:
        exec(compile(block, f"{page}.md", "exec"), scope)
    if page == "streaming":
        assert "s: speech since" in capsys.readouterr().out
        assert scope["utterances"]
        assert scope["heard"]


@pytest.mark.parametrize("page", ["streaming", "decisions", "listen", "tune"])
def test_options_that_are_shown_exist(page, repository):
    from vad.cli.detect import command as detect
    from vad.cli.listen import command as listen
    from vad.cli.tune import command as tune

    text = (repository / f"docs/{page}.md").read_text()
    shown = {(name, flag) for name, rest in re.findall(r"vad (detect|listen|tune)( [^\n`|#]*)", text)
             for flag in re.findall(r"--[a-z-]+", rest)}  # fmt: skip
    commands = {"detect": detect, "listen": listen, "tune": tune}
    for name, flag in sorted(shown):
        assert any(flag in option.opts for option in commands[name].params), f"vad {name} {flag}"
