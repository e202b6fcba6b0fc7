"""Laws of the feature specification."""

from __future__ import annotations

import dataclasses

import pytest

from vad.errors import ConfigError, FingerprintError
from vad.features import FeatureSpec

OTHER_VALUES = {
    "sample_rate": 22050,
    "win_length": 400,
    "hop_length": 128,
    "n_mels": 64,
    "f_min": 20.0,
    "f_max": 7600.0,
    "log_floor": 1e-5,
}


def test_every_field_changes_the_fingerprint() -> None:
    fingerprints = {dataclasses.replace(FeatureSpec(), **{k: v}).fingerprint for k, v in OTHER_VALUES.items()}
    assert OTHER_VALUES.keys() == FeatureSpec().to_dict().keys()
    assert len(fingerprints | {FeatureSpec().fingerprint}) == len(OTHER_VALUES) + 1


def test_fingerprint_is_stable() -> None:
    # Stored in every artifact: a change here makes old models unusable and needs a new FRONT_END_VERSION.
    assert FeatureSpec().fingerprint == "bb2dfcb924fa4597"


def test_dict_round_trip_and_unknown_names() -> None:
    spec = FeatureSpec(n_mels=64)
    assert FeatureSpec.from_dict(spec.to_dict()) == spec
    with pytest.raises(ConfigError, match=r"unknown field 'n_mel' \(did you mean 'n_mels'\?\)"):
        FeatureSpec.from_dict({"n_mel": 40})


def test_all_broken_rules_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        FeatureSpec(win_length=511, n_mels=0, f_max=9000.0)
    assert all(word in str(caught.value) for word in ("win_length must be even", "n_mels must be", "f_max"))


@pytest.mark.parametrize("field", OTHER_VALUES)
def test_mismatch_names_the_field(field: str) -> None:
    found = FeatureSpec().to_dict() | {field: OTHER_VALUES[field]}
    with pytest.raises(FingerprintError, match=f"shard 3: .*{field} is "):
        FeatureSpec().check_fingerprint(found, "shard 3")


def test_same_fields_of_another_front_end_version_are_refused() -> None:
    FeatureSpec().check_fingerprint(FeatureSpec().to_dict(), "x")
    with pytest.raises(FingerprintError, match="front-end fingerprint is '00'"):
        FeatureSpec().check_fingerprint(FeatureSpec().to_dict() | {"fingerprint": "00"}, "x")
