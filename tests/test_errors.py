"""Laws of the exception tree."""

from __future__ import annotations

import pytest

from vad import errors

TREE = {
    errors.ConfigError: (errors.VadError, ValueError),
    errors.ManifestError: (errors.VadError, ValueError),
    errors.AudioError: (errors.VadError,),
    errors.FeatureError: (errors.VadError, ValueError),
    errors.ShapeError: (errors.FeatureError,),
    errors.NonFiniteError: (errors.FeatureError,),
    errors.FingerprintError: (errors.FeatureError,),
    errors.ModelError: (errors.VadError,),
    errors.MissingDependencyError: (errors.VadError, ImportError),
}


@pytest.mark.parametrize(("error", "bases"), TREE.items())
def test_tree_is_as_drawn(error: type[Exception], bases: tuple[type[Exception], ...]) -> None:
    assert all(issubclass(error, base) for base in bases)
    assert error.__name__ in str(errors.__doc__)


def test_missing_dependency_carries_the_install_line() -> None:
    error = errors.MissingDependencyError("librosa", install=errors.extra_line("train"), purpose="training")
    assert str(error) == "training needs librosa, which is not installed: pip install 'lstm-vad[train]'"


def test_did_you_mean_names_the_nearest() -> None:
    assert errors.did_you_mean("onset_treshold", ["onset_threshold", "offset_threshold"]) == (
        " (did you mean 'onset_threshold'?)"
    )
    assert errors.did_you_mean("xyz", ["onset_threshold"]) == ""
