"""Which fit a run uses: the stored one of its model, or the shipped one and why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_supercharger import acceptance, fits
from pytest_supercharger.calibration import SHIPPED, Fit
from pytest_supercharger.errors import SourceError
from pytest_supercharger.statefolder import folder_of

FIT = Fit(a=0.5, b=1.25, c=0.4, usual=1.5, judge=0.4, judge_error=0.1, outcomes=36, untrusted=12)


class Model:
    """What is looked at of a generator."""

    def __init__(self, *identities):
        self.identities = frozenset(identities)
        self.model = "small (scripted)"


@pytest.fixture
def stored(monkeypatch, tmp_path):
    monkeypatch.setenv("SUPERCHARGER_STATE", str(tmp_path))
    return fits.save(FIT, "sha256:1 int8", "small")


def test_a_stored_fit_is_used_for_its_model_and_no_other(stored):
    used = fits.look_up(Model("sha256:1 int8"))
    assert used == FIT.calibration("calibrated on 36 tasks for small (scripted)")
    assert used.asks_judge
    assert not used.strict
    for other in (Model("sha256:1"), Model(""), Model()):
        assert fits.look_up(other) == SHIPPED


def test_nodes_with_different_models_get_the_shipped_fit(stored):
    used = fits.look_up(Model("sha256:1 int8", "sha256:2"))
    assert replace(used, name="", by_model={}) == replace(SHIPPED, name="")
    assert used.name == "shipped fit (the nodes have 2 different models, 1 of them with a fit of its own)"


def test_of_several_models_each_author_has_its_own_fit_without_the_judge(stored):
    used = fits.look_up(Model("sha256:1 int8", "sha256:2"))
    own = used.of("sha256:1 int8")
    assert (own.a, own.b, own.asks_judge) == (FIT.a, FIT.b, False)
    assert used.of("sha256:2") is used


def test_too_few_outcomes_are_said_and_not_used(stored):
    fits.save(replace(FIT, outcomes=29), "sha256:1 int8", "small")
    assert fits.look_up(Model("sha256:1 int8")).name == (
        "shipped fit (of this model only 29 of the 30 outcomes that are needed are known)"
    )


def test_a_fit_for_other_weights_is_stale(stored, monkeypatch):
    monkeypatch.setattr(acceptance, "VERSION", "another")
    used = fits.look_up(Model("sha256:1 int8"))
    assert (used.a, used.b) == (0.0, 1.0)
    assert used.name.endswith("made for other weights; run supercharger calibrate again)")


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: "{",
        lambda document: "[]",
        lambda document: json.dumps(document | {"version": 2}),
        lambda document: json.dumps(document | {"identity": "sha256:2"}),
        lambda document: json.dumps(document | {"fit": {}}),
        lambda document: json.dumps(document | {"fit": document["fit"] | {"a": "0"}}),
        lambda document: json.dumps(document | {"fit": document["fit"] | {"a": float("nan")}}),
        lambda document: json.dumps(document | {"fit": document["fit"] | {"outcomes": True}}),
    ],
)
def test_a_damaged_fit_is_said_and_not_used(stored, damage):
    stored.write_text(damage(json.loads(stored.read_text())))
    used = fits.look_up(Model("sha256:1 int8"))
    assert (used.a, used.b) == (0.0, 1.0)
    assert used.name.startswith("shipped fit (the stored one cannot be used: ")


def test_the_folder_is_the_users_own():
    named = folder_of("calibration", "m", {"SUPERCHARGER_STATE": "/somewhere"})
    assert named.parent == Path("/somewhere/calibration")
    own = Path("pytest-supercharger/calibration", named.name)
    assert folder_of("calibration", "m", {"XDG_STATE_HOME": "/xdg"}) == Path("/xdg") / own
    assert folder_of("calibration", "m", {}) == Path.home() / ".local/state" / own
    assert folder_of("calibration", "m2", {}).name != named.name


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUPERCHARGER_STATE", str(tmp_path / "file"))
    with pytest.raises(SourceError, match="set SUPERCHARGER_STATE elsewhere"):
        fits.save(FIT, "m", "small")
