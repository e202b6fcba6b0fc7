"""The page of the study takes its tables from the folder of one, and keeps its words."""

from __future__ import annotations

import importlib.util
import re

import pytest

NAMES = ("speech", "memory", "gains", "cost")


@pytest.fixture(scope="module")
def update_study(repository):
    spec = importlib.util.spec_from_file_location("update_study", repository / "docs/update_study.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_what_stands_between_its_marks_is_replaced(update_study):
    page = (
        "a\n<!-- study: speech -->\nold\n<!-- end of speech -->\nb\n<!-- study: cost -->\nkept\n<!-- end of cost -->\n"
    )
    new = update_study.with_table(page, "speech", "new\n")
    assert new == page.replace("old", "new")
    assert update_study.with_table(new, "speech", "new\n") == new
    assert update_study.with_table(new, "other", "x\n") == new


def test_the_page_has_a_place_for_every_table_and_shows_pictures_that_exist(repository):
    page = repository / "docs/variants.md"
    text = page.read_text(encoding="utf-8")
    for name in NAMES:
        between = re.search(rf"<!-- study: {name} -->\n(.*?)<!-- end of {name} -->\n", text, re.DOTALL)
        assert between is not None, name
        assert "\n|---|" in between[1], name
    pictures = re.findall(r"\]\((images/[^)]+)\)", text)
    assert pictures
    for picture in pictures:
        assert (page.parent / picture).is_file(), picture
