"""The fits that `supercharger calibrate` has stored: one folder a model, in the user's state folder."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pytest_supercharger import acceptance, statefolder
from pytest_supercharger.calibration import ENOUGH, SHIPPED, Calibration, Fit
from pytest_supercharger.errors import SourceError
from pytest_supercharger.inflight import Generator
from pytest_supercharger.writeback import temporaries

__all__ = ["folder_of", "from_text", "look_up", "save", "to_text"]

_FILE = "fit.json"
_VERSION = 1
_CALIBRATED = "calibrated on"


def folder_of(identity: str) -> Path:
    """Where everything about one model is kept.

    Raises:
        SourceError: the user has no home folder.
    """
    return statefolder.folder_of("calibration", identity)


def look_up(generator: Generator) -> Calibration:
    """The calibration for the model that answers; the shipped one, with the reason, where there is none to use."""
    identities = generator.identities
    if len(identities) > 1:
        return _of_each(identities)
    identity = next(iter(identities), "")
    return _stored(identity, generator.model) if identity else SHIPPED


def _of_each(identities: frozenset[str]) -> Calibration:
    """Each author's own fit, without the judge, who may be another model; the shipped one for those without."""
    found = {identity: _stored(identity, identity[:12]) for identity in identities if identity}
    own = {identity: replace(fit, c=0.0) for identity, fit in found.items() if fit.name.startswith(_CALIBRATED)}
    name = (
        f"{SHIPPED.name} (the nodes have {len(identities)} different models, {len(own)} of them with a fit of its own)"
    )
    return replace(SHIPPED, name=name, by_model=own)


def _stored(identity: str, model: str) -> Calibration:
    try:
        found, weights = from_text((folder_of(identity) / _FILE).read_text(encoding="utf-8"), identity)
    except (FileNotFoundError, SourceError):
        return SHIPPED
    except (OSError, ValueError, RecursionError) as error:
        return _shipped(f"the stored one cannot be used: {error}")
    if weights != acceptance.VERSION:
        return _shipped("that of this model was made for other weights; run supercharger calibrate again")
    if not found.suffices:
        return _shipped(f"of this model only {found.outcomes} of the {ENOUGH} outcomes that are needed are known")
    return found.calibration(f"{_CALIBRATED} {found.outcomes} tasks for {model}")


def _shipped(reason: str) -> Calibration:
    return replace(SHIPPED, name=f"{SHIPPED.name} ({reason})")


def to_text(found: Fit, identity: str, model: str) -> str:
    """The fit as it is kept: one JSON object."""
    about = {"version": _VERSION, "weights": acceptance.VERSION, "identity": identity, "model": model}
    return json.dumps({**about, "fit": asdict(found)}, indent=1) + "\n"


def from_text(text: str, identity: str) -> tuple[Fit, str]:
    """Read what `to_text` made: the fit, and the version of the weights that it was made for.

    Raises:
        ValueError: it is no such text, or of another model.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError("it has another version")
    if document.get("identity") != identity:
        raise ValueError("it belongs to another model")
    return _read(document.get("fit")), str(document.get("weights"))


def _read(fields: Any) -> Fit:
    expected = asdict(Fit())
    if not isinstance(fields, dict) or fields.keys() != expected.keys():
        raise ValueError("its fit has other fields")
    for name, default in expected.items():
        value = fields[name]
        if isinstance(value, bool) or not isinstance(value, int if isinstance(default, int) else int | float):
            raise ValueError(f"{name} is {value!r:.40}")
        if value != value or abs(value) > 1e6:
            raise ValueError(f"{name} is {value!r:.40}")
    return Fit(**fields)


def save(found: Fit, identity: str, model: str) -> Path:
    """Write the fit, whole or not at all.

    Raises:
        SourceError: the folder cannot be written.
    """
    path = folder_of(identity) / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporaries.put(path, to_text(found, identity, model).encode())
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror}); set SUPERCHARGER_STATE elsewhere") from None
    return path
