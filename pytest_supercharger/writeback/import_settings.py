"""Read from a project's settings files how isort, or ruff in its place, is to order imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_supercharger import configuration
from pytest_supercharger.writeback.import_style import SECTIONS, ImportStyle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


__all__ = ["FILES", "import_style"]

# In the order in which isort looks, ruff's own files behind.
FILES = (".isort.cfg", "pyproject.toml", "setup.cfg", "tox.ini", ".ruff.toml", "ruff.toml")

# What matters here of the profiles that isort ships.
_PROFILES: dict[str, dict[str, Any]] = {
    "black": {"line_length": 88},
    "django": {"combine_as_imports": True},
    "google": {"force_single_line": True, "force_sort_within_sections": True, "order_by_type": False},
    "open_stack": {"force_single_line": True, "force_sort_within_sections": True},
    "plone": {"force_single_line": True, "force_sort_within_sections": True},
    "appnexus": {"line_length": 88, "force_sort_within_sections": True, "order_by_type": False},
}
_INI = {".isort.cfg": ("settings",), "setup.cfg": ("isort", "tool:isort"), "tox.ini": ("isort",)}
_SECTIONS = {
    "future_library": "FUTURE",
    "standard_library": "STDLIB",
    "third_party": "THIRDPARTY",
    "first_party": "FIRSTPARTY",
    "local_folder": "LOCALFOLDER",
}


def import_style(texts: Mapping[str, str], own: Collection[str] = ()) -> ImportStyle:
    """Return the style; `texts` has the files that there are of `FILES`, `own` the project's top-level modules."""
    tools = _table(configuration.tables(texts.get("pyproject.toml", "")), "tool")
    found = next(_isort(texts, tools), None) or next(_ruff(texts, tools), None) or {}
    settings = {**_PROFILES.get(str(found.get("profile", "")), {}), **found}
    sections = tuple(name.upper() for name in _names(settings.get("sections", ""))) or SECTIONS
    return ImportStyle(
        line_length=_length(settings, tools),
        single_line=_flag(settings["force_single_line"]) if "force_single_line" in settings else None,
        mixed=_flag(settings.get("force_sort_within_sections", False)),
        combine_as=_flag(settings.get("combine_as_imports", False)),
        by_type=_flag(settings.get("order_by_type", True)),
        sections=sections,
        known=tuple(_known(settings)),
        own=frozenset(own),
    )


def _isort(texts: Mapping[str, str], tools: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in FILES:
        if name == "pyproject.toml" and (found := _table(tools, "isort")):
            yield _underscored(found)
        yield from filter(None, (configuration.ini(texts.get(name, ""), section) for section in _INI.get(name, ())))


def _ruff(texts: Mapping[str, str], tools: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield ruff's settings under the names that isort has for them."""
    for ruff in (
        configuration.tables(texts.get(".ruff.toml", "")),
        configuration.tables(texts.get("ruff.toml", "")),
        _table(tools, "ruff"),
    ):
        own = _table(_table(ruff, "lint"), "isort") or _table(ruff, "isort")
        found = _underscored({name: value for name, value in own.items() if name not in ("sections", "section-order")})
        found |= {f"known_{name}": modules for name, modules in _table(own, "sections").items()}
        if "section-order" in own:
            found["sections"] = [_section(name) for name in _names(own["section-order"])]
        if "line-length" in ruff:
            found["line_length"] = ruff["line-length"]
        if found:
            yield found


def _underscored(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in settings.items()}


def _section(name: str) -> str:
    """Return isort's name for a section, from how a setting or ruff names it."""
    plain = name.replace("-", "_")
    found = next((section for key, section in _SECTIONS.items() if key in (plain, f"{plain}_library")), None)
    return found or name.upper()


def _known(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        prefix, _, name = key.partition("_")
        if prefix in ("known", "extra") and name:
            yield from ((module, _section(name)) for module in _names(value))


def _names(value: object) -> list[str]:
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return [str(item) for item in value] if isinstance(value, list) else []


def _flag(value: object) -> bool:
    return value is True or str(value).strip().lower() in ("true", "1", "yes", "on")


def _length(settings: Mapping[str, Any], tools: Mapping[str, Any]) -> int:
    others = [_table(tools, "black").get("line-length", 88 if "black" in tools else None)]
    for value in (settings.get("line_length"), *others, _table(tools, "ruff").get("line-length")):
        if str(value).isdigit():
            return int(str(value))
    return 79


def _table(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
