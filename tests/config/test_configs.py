"""The configs of the repository: valid, and base.yaml tells every key there is."""

from __future__ import annotations

import itertools

import pytest
import yaml

from vad.config import Config, load_config
from vad.config.paths import inner_sections


def keys_of(annotation, prefix=""):
    for fields in inner_sections(annotation):
        for name, inner in fields.items():
            yield f"{prefix}{name}"
            yield from keys_of(inner, f"{prefix}{name}.")


def written_keys(tree, prefix=""):
    for name, inner in tree.items():
        yield f"{prefix}{name}"
        if isinstance(inner, dict):
            yield from written_keys(inner, f"{prefix}{name}.")


@pytest.mark.parametrize("name", ["base", "own", "tiny", "words"])
def test_it_is_valid_and_named_like_its_file(repository, name):
    assert load_config(repository / f"configs/{name}.yaml").name == name


def test_base_tells_every_key(repository):
    written = set(written_keys(yaml.safe_load((repository / "configs/base.yaml").read_text())))
    assert not set(keys_of(Config)) - written


@pytest.mark.parametrize("name", ["base", "own", "tiny", "words"])
def test_every_key_has_a_comment_above_it(repository, name):
    lines = (repository / f"configs/{name}.yaml").read_text().splitlines()
    # Tables of free keys, such as weights by source, are explained where they begin.
    names = {key.rpartition(".")[2] for key in keys_of(Config)} | {"extends"}
    for before, line in itertools.pairwise(lines):
        if line.partition(":")[0].strip() in names:
            assert before.lstrip().startswith("#"), line
