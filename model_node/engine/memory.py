"""How much key/value cache there is room for, and what the weights take."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from model_node.engine.base import Device
from model_node.engine.rows import STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["cache_bytes", "cache_tokens", "devices", "kinds", "tokens_that_fit"]

Place = TypeVar("Place")

_GPU_SHARE = 0.7  # the rest is for what a step computes
_CPU_SHARE = 0.5


def kinds(config: Any) -> tuple[str, ...]:
    """The type of each layer; empty where they are all of full attention."""
    return tuple(getattr(config, "layer_types", None) or ())


def cache_bytes(config: Any) -> int:
    """Bytes of keys and values of one token in 16 bit, in all layers that have them."""
    layers = sum(kind != STATES for kind in kinds(config)) or config.num_hidden_layers
    return int(layers * _layer_bytes(config))


def cache_tokens(model: Any, config: Any) -> int:
    """Tokens of cache that the free memory holds, at least one."""
    places = Counter(_place(layer) for layer, kind in _layers(model, config) if kind != STATES)
    free = {place: _free_bytes(place) for place in places}
    return max(tokens_that_fit(free, places, _layer_bytes(config)), 1)


def tokens_that_fit(free: Mapping[Place, int], layers: Mapping[Place, int], layer_bytes: int) -> int:
    """Tokens for which every device has room: a token needs a place in each layer, wherever it stands."""
    return min(free[place] // (count * layer_bytes) for place, count in layers.items())


def devices(model: Any) -> tuple[Device, ...]:
    """The devices that hold weights, and how much."""
    sizes: Counter[torch.device] = Counter()
    for parameter in model.parameters():
        sizes[parameter.device] += parameter.numel() * parameter.element_size()
    return tuple(
        Device(name=_name(device), total_bytes=_total_bytes(device), weight_bytes=size)
        for device, size in sizes.items()
    )


def _layer_bytes(config: Any) -> int:
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * heads * size * 2)


def _layers(model: Any, config: Any) -> list[tuple[Any, str]]:
    count = config.num_hidden_layers
    lists = (part for part in model.modules() if isinstance(part, torch.nn.ModuleList) and len(part) == count)
    return list(zip(next(lists), kinds(config) or ["full_attention"] * count, strict=True))


def _place(layer: Any) -> torch.device:
    place: torch.device = next(layer.parameters()).device
    return place


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(_GPU_SHARE * torch.cuda.mem_get_info(device)[0])
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(int(line.split()[1]) * 1024 * _CPU_SHARE)
    return 1 << 30


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _total_bytes(device: torch.device) -> int:
    return int(torch.cuda.mem_get_info(device)[1]) if device.type == "cuda" else 0
