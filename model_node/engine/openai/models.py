"""Which model a server has, and how long a prompt it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_node.engine.base import EngineError, ErrorKind
from model_node.engine.openai.refusals import Refusal, as_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_node.engine.openai.endpoint import Endpoint

__all__ = ["chosen"]

_MOST_NAMED = 8


async def chosen(endpoint: Endpoint, name: str) -> tuple[str, int]:
    """The model to ask for and its context, 0 where the server does not say; `auto` is the only one there is.

    EngineError where the server cannot be reached, refuses the key, or has no such model.
    """
    try:
        found = _listed(await endpoint.get("models"))
    except Refusal as refusal:
        if refusal.status in {401, 403}:
            raise as_error(refusal, endpoint.url) from None
        found = {}  # some servers do not list
    if name == "auto":
        if len(found) != 1:
            raise EngineError(ErrorKind.NOT_FOUND, f"{endpoint.url} lists {_names(found)}; name one with --model")
        name = next(iter(found))
    elif found and name not in found and f"{name}:latest" not in found:  # Ollama's way to leave a tag out
        raise EngineError(ErrorKind.NOT_FOUND, f'{endpoint.url} has no model "{name}", it lists {_names(found)}')
    return name, _context(found.get(name, {}))


def _listed(answer: Any) -> dict[str, Mapping[str, Any]]:
    items = answer.get("data") if isinstance(answer, dict) else None
    entries = [item for item in items or () if isinstance(item, dict) and isinstance(item.get("id"), str)]
    return {item["id"]: item for item in entries}


def _names(found: Mapping[str, object]) -> str:
    shown = sorted(found)[:_MOST_NAMED]
    rest = f" and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
    return f"the models {', '.join(shown)}{rest}" if shown else "no models"


def _context(item: Mapping[str, Any]) -> int:
    meta = item.get("meta")
    values = (item.get("max_model_len"), item.get("context_length"), meta.get("n_ctx") if isinstance(meta, dict) else 0)
    return next((value for value in values if isinstance(value, int) and value > 0), 0)
