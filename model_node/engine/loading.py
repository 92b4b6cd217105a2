"""Weights into memory: type, devices, bitsandbytes int8, and refusal of a model the engine cannot run well."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from model_node.engine.base import Device, EngineError, ErrorKind
from model_node.engine.cpu import prepare
from model_node.engine.int8_cpu import has_int8_cores
from model_node.engine.memory import cache_bytes, cache_tokens, devices, kinds
from model_node.engine.rounded import keep, place, reloaded
from model_node.engine.rows import STATES, RowCache
from model_node.engine.warmup import check_numbers

__all__ = ["LoadedModel", "digest_of", "leave_cudnn_out", "load_model"]

_CONTEXT_CPU = 8192
_CONTEXT_GPU = 32768
_INT8_SHARE = 0.9
# From this size on bitsandbytes keeps a column of a layer's input in 16 bit; 0: none (its issue #1867).
_THRESHOLDS = {"int8": 6.0, "int8-all": 0.0}
_ATTENTION = frozenset({"full_attention", "sliding_attention", STATES})
# A template ends a turn with one of these, and some configurations name only one of them.
_END_TOKENS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<end_of_turn>", "</s>")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model ready to run and what the engine needs to know of it."""

    model: Any
    tokenizer: Any
    device: torch.device  # of the inputs and the logits
    end_tokens: frozenset[int]
    max_context: int
    cache_tokens: int  # how many tokens of key/value cache the memory holds
    state_tokens: int = 0  # what the states of a row take, in tokens of that cache
    devices: tuple[Device, ...]
    digest: str

    @property
    def cache_name(self) -> str:
        """What the model's forward calls its cache."""
        kind: Any = type(self.model)
        return _cache_name(kind)

    def new_cache(self) -> RowCache:
        """An empty cache for the model's layers."""
        return RowCache(kinds(self.model.config.get_text_config()))


@functools.cache
def _cache_name(kind: Any) -> str:
    # transformers renames it: 5.24 warns of the old name, 5.40 will not know it.
    return "cache" if "cache" in inspect.signature(kind.forward).parameters else "past_key_values"


def load_model(
    folder: Path, *, quantization: str, device: str, max_context: int | None, cache: Path | None = None
) -> LoadedModel:
    """Load the model in `folder`; raises EngineError when it cannot be run as asked.

    Weights in 8 bit are kept in `cache`, where there is one, and come from there the next time.
    """
    transformers.utils.logging.disable_progress_bar()
    config = _config(folder)
    options = _options(folder, quantization, _place(device))
    digest = digest_of(folder, quantization)
    kept = place(cache, digest, folder) if cache is not None and quantization in _THRESHOLDS else None
    leave_cudnn_out()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = _model(folder, options, kept)
    except torch.OutOfMemoryError as error:
        raise _failed(
            f"model {folder} does not fit the memory of {device}; use a smaller model or --quantization int8"
        ) from error
    except Exception as error:  # each file format has its own way to complain
        raise _failed(
            f"model {folder} cannot be loaded ({_first_line(error)}); check the folder or name another"
        ) from error
    model.eval()
    if quantization in _THRESHOLDS:
        _check_int8(model, folder)
    if kept is not None and not kept.is_dir():
        keep(model, kept)
    inputs = model.get_input_embeddings().weight.device
    limit = getattr(config, "max_position_embeddings", None) or _CONTEXT_CPU
    default = _CONTEXT_GPU if inputs.type == "cuda" else _CONTEXT_CPU
    loaded = LoadedModel(
        model=model,
        tokenizer=tokenizer,
        device=inputs,
        end_tokens=_end_tokens(model, tokenizer),
        max_context=min(limit, max_context or default),
        cache_tokens=cache_tokens(model, config),
        devices=devices(model),
        digest=digest,
    )
    prepare(model, int8=quantization == "int8-cpu")  # only now: it replaces the weights that were counted
    try:
        state_bytes = check_numbers(loaded).state_bytes
    except EngineError:
        if kept is not None:
            shutil.rmtree(kept, ignore_errors=True)  # else fetching the weights anew would not help
        raise
    return dataclasses.replace(loaded, state_tokens=-(-state_bytes // cache_bytes(config)))


def _model(folder: Path, options: dict[str, Any], kept: Path | None) -> Any:
    load = transformers.AutoModelForCausalLM.from_pretrained
    # What is kept says itself how it was rounded.
    plain = {name: value for name, value in options.items() if name != "quantization_config"}
    model = None if kept is None else reloaded(kept, lambda place: load(place, **plain))
    return load(folder, **options) if model is None else model


def leave_cudnn_out() -> None:
    """Take the other kernels for attention: cuDNN plans anew for every length, so at every step."""
    torch.backends.cuda.enable_cudnn_sdp(False)


def digest_of(folder: Path, quantization: str) -> str:
    """SHA-256 over the configuration, the tokenizer, of each weights file the header and the size, and `quantization`.

    Rounded weights answer otherwise, so they are another model.
    """
    total = hashlib.sha256(f"{quantization}\n".encode())
    for path in sorted(folder.iterdir()):
        if path.suffix not in {".json", ".jinja", ".safetensors", ".model"} or path.name == "source.json":
            continue
        with path.open("rb") as file:
            # Hashing all weights would cost a minute on a big model; the header names every tensor, and the blocks
            # from the middle and the end tell two trainings of one architecture apart.
            content = file.read() if path.suffix != ".safetensors" else _sampled(file, path.stat().st_size)
        total.update(f"{path.name}\0{path.stat().st_size}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return "sha256:" + total.hexdigest()


def _sampled(file: Any, size: int, block: int = 1 << 20) -> bytes:
    parts = []
    for offset in (0, size // 3, size // 2, max(size - block, 0)):
        file.seek(offset)
        parts.append(file.read(block))
    return b"".join(parts)


def _config(folder: Path) -> Any:
    try:
        config = transformers.AutoConfig.from_pretrained(folder).get_text_config()
    except (OSError, ValueError) as error:
        raise _failed(f"model {folder} has no usable config.json ({_first_line(error)}); name another model") from error
    types = set(kinds(config))
    strange = sorted(types - _ATTENTION) or ([STATES] if types == {STATES} else [])
    if strange:
        raise _failed(
            f"model {folder} has layers of type {', '.join(strange)}, which the decode loop does not run; "
            "use a model with full or linear attention, such as Qwen2.5-Coder"
        )
    return config


def _place(device: str) -> torch.device:
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise EngineError(ErrorKind.INVALID, f'device "{device}" is unknown; use auto, cpu, cuda or cuda:N') from error
    if place.type == "cuda" and not torch.cuda.is_available():
        raise _failed(f'device "{device}" is not there: torch sees no CUDA; use --device cpu or install a CUDA build')
    return place


def _options(folder: Path, quantization: str, place: torch.device) -> dict[str, Any]:
    options: dict[str, Any] = {"dtype": torch.float32 if quantization == "fp32" else torch.bfloat16}
    if quantization in _THRESHOLDS:
        # bitsandbytes warns about the cast of bfloat16 inputs at every layer of every step.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_8bit=True, llm_int8_threshold=_THRESHOLDS[quantization]
        )
    elif quantization == "int8-cpu":
        _check_cores(place)
    elif quantization not in {"bf16", "fp32"}:
        raise EngineError(
            ErrorKind.INVALID, f'quantization "{quantization}" is unknown; use bf16, fp32, int8, int8-all or int8-cpu'
        )
    if place.type == "cpu":
        options["device_map"] = {"": "cpu"}
    elif place.index is None and torch.cuda.device_count() > 1 and not _fits_one(folder, quantization):
        options["device_map"] = "auto"
    else:
        options["device_map"] = {"": place.index or 0}
    return options


def _check_cores(place: torch.device) -> None:
    if place.type != "cpu":
        raise EngineError(ErrorKind.INVALID, f"int8-cpu runs on the CPU, not on {place}; use int8 there")
    if not has_int8_cores():
        raise _failed("int8-cpu needs a CPU that multiplies 8-bit integers (VNNI); use bf16")


def _fits_one(folder: Path, quantization: str) -> bool:
    # A model split by layers runs its GPUs one after the other, so one GPU is better where it is enough.
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    needed = size // 2 if quantization in _THRESHOLDS else size
    free, _ = torch.cuda.mem_get_info(0)
    return bool(needed < 0.6 * free)


def _check_int8(model: Any, folder: Path) -> None:
    """Refuse a model whose weights stayed in 16 bit: experts kept as 3-D parameters are skipped silently."""
    kept = {id(module.weight) for module in (model.get_input_embeddings(), model.get_output_embeddings()) if module}
    weights = [parameter for parameter in model.parameters() if id(parameter) not in kept and parameter.dim() > 1]
    total = sum(parameter.numel() for parameter in weights)
    small = sum(parameter.numel() for parameter in weights if parameter.dtype == torch.int8)
    if total and small < _INT8_SHARE * total:
        raise _failed(
            f"model {folder}: only {small / total:.0%} of its weights became int8, because bitsandbytes converts "
            "linear layers only (not fused experts); use bf16 or a dense model"
        )


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    found: set[int] = set()
    for source in (model.generation_config, model.config, tokenizer):
        value = getattr(source, "eos_token_id", None)
        found.update([value] if isinstance(value, int) else value or ())
    special = tokenizer.added_tokens_decoder
    names = {str(token): number for number, token in special.items()}
    found.update(names[name] for name in _END_TOKENS if name in names)
    return frozenset(found)


def _failed(message: str) -> EngineError:
    return EngineError(ErrorKind.FAILED, message)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
