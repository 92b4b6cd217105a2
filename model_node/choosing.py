"""Which model suits a machine: a table by the memory of its GPUs, and the short names of the models in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SMALLEST", "Choice", "cpu_quantization", "full_name", "gpu_memory", "pick"]

SMALLEST = "qwen2.5-coder-0.5b"
_FAMILY = "Qwen/Qwen2.5-Coder-{}-Instruct"
_SIZES = ("0.5B", "1.5B", "3B", "7B", "14B", "32B")
_GIB = 1 << 30
# GiB on all GPUs together, for weights and the key/value cache of a good batch; the first row that fits is taken.
# 3B is left out: its licence is for research only.
_TABLE = (
    (74, "32B", "bf16"),
    (41, "32B", "int8"),
    (36, "14B", "bf16"),
    (22, "14B", "int8"),
    (20, "7B", "bf16"),
    (13, "7B", "int8"),
    (7, "1.5B", "bf16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model for `models.resolve`, how to round its weights, and a line that says why."""

    model: str
    quantization: str
    why: str


def full_name(name: str) -> str:
    """The hub id behind a short name such as `qwen2.5-coder-7b`; any other name as it is."""
    known = {f"qwen2.5-coder-{size.lower()}": _FAMILY.format(size) for size in _SIZES}
    return known.get(name.lower().removesuffix("-instruct"), name)


def pick(gpus: Sequence[int], quantization: str | None = None) -> Choice:
    """The best model for GPUs with so many bytes each; with `quantization` in that form."""
    if not gpus:
        return Choice(model=SMALLEST, quantization=quantization or "bf16", why=f"{SMALLEST}, for there is no GPU")
    total = sum(gpus) / _GIB
    machine = f"{len(gpus)} {'GPU has' if len(gpus) == 1 else 'GPUs have'} {total:.0f} GiB"
    for needed, size, form in _TABLE:
        needed *= 2 if quantization == "fp32" else 1
        if needed <= total and quantization in {None, "int8-all" if form == "int8" else "fp32", form}:
            name = _FAMILY.format(size)
            return Choice(
                model=name,
                quantization=quantization or form,
                why=f"{name} in {quantization or form}, for {machine} and it needs {needed}",
            )
    return Choice(model=SMALLEST, quantization=quantization or "bf16", why=f"{SMALLEST}, for {machine} only")


def cpu_quantization() -> str:
    """What suits this CPU: weights in 8 bit where its cores multiply them fast."""
    from model_node.engine.int8_cpu import has_int8_cores

    return "int8-cpu" if has_int8_cores() else "bf16"


def gpu_memory(device: str) -> tuple[int, ...]:
    """Bytes of each GPU that `device` names; none for the CPU."""
    if device == "cpu":
        return ()
    import torch

    if not torch.cuda.is_available():
        return ()
    number = device.removeprefix("cuda:")
    count = torch.cuda.device_count()
    places = [place for place in range(count) if not number.isdecimal() or place == int(number)]
    return tuple(torch.cuda.get_device_properties(place).total_memory for place in places)
