"""A prompt's keys are kept and read once for all its rows, and a step says what it says with a copy for each row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from test_exactness import distances, plain, run_all
from test_local_decoding import PROMPTS
from test_local_hybrids import SETTINGS
from tiny_models import save_tokenizer
from torch.nn.functional import scaled_dot_product_attention
from transformers import MistralConfig, MistralForCausalLM, Qwen3Config, Qwen3ForCausalLM

from model_node.engine import shares
from model_node.engine.base import EngineError
from model_node.engine.batch import Batch
from model_node.engine.local import LocalEngine
from model_node.engine.prefixes import PrefixStore
from model_node.engine.rows import RowCache
from model_node.engine.scheduler import enter
from model_node.engine.shares import SharedStep, Shares, attention, can_share, padding_mask

SHAPE = {key: value for key, value in SETTINGS.items() if not key.startswith(("linear", "layer_types"))}
MODELS: dict[str, tuple[Any, Any]] = {
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
}


@pytest.fixture(scope="module", params=MODELS)
def folder(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config, model = MODELS[request.param]
    place = tmp_path_factory.mktemp(request.param)
    size = len(save_tokenizer(place))
    torch.manual_seed(11)
    model(config(vocab_size=size, sliding_window=None, **SHAPE)).save_pretrained(place)
    return place


def test_logits_from_shared_prompts_are_those_of_a_plain_forward(
    make_engine: Callable[..., LocalEngine], collector: type, folder: Path
) -> None:
    engine = make_engine(folder, max_batch=7)
    assert engine._batch._cache.shares is not None
    assert max(distances(run_all(engine, collector), plain(folder))) < 1e-5


@pytest.fixture
def batch(make_engine: Callable[..., LocalEngine]) -> Batch:
    return Batch(make_engine(device="cpu")._loaded, lambda *_: None)


def joined(batch: Batch, collector: type, *texts: str, samples: int, store: PrefixStore) -> list[Any]:
    """Start rows for every text; return their groups."""
    prompts = [tuple(batch._loaded.tokenizer(text).input_ids) for text in texts]
    job = collector().job(*texts, samples=samples, max_new_tokens=9, temperature=1.0)
    groups = enter(job, prompts, 512)[1]
    with torch.inference_mode():
        for group in groups:
            batch.join(group, range(samples), store.prefill(group.tokens)[0])
    return groups


def test_rows_keep_their_own_tokens_only(batch: Batch, collector: type) -> None:
    store = PrefixStore(batch._loaded, 4096)
    groups = joined(batch, collector, *PROMPTS[:2], samples=3, store=store)
    with torch.inference_mode():
        for _ in range(4):
            batch.step()
    cache = batch._cache
    assert cache.width == 4
    assert cache.shares is not None
    kept = [store.prefill(group.tokens)[0].cache for group in groups]
    assert [prompt for prompt, _ in cache.shares.groups] == kept
    assert cache.shares.tokens == sum(len(group.tokens) for group in groups)


def test_a_prompt_that_comes_again_is_the_same_one(batch: Batch, collector: type) -> None:
    store = PrefixStore(batch._loaded, 4096)
    for _ in range(2):
        joined(batch, collector, PROMPTS[0], samples=2, store=store)
    assert batch._cache.shares is not None
    assert [rows for _, rows in batch._cache.shares.groups] == [[0, 1, 2, 3]]


def test_a_prompt_is_not_read_again_while_a_row_goes_on_from_it(batch: Batch, collector: type) -> None:
    store = PrefixStore(batch._loaded, 0)  # which keeps nothing itself
    (group,) = joined(batch, collector, PROMPTS[0], samples=2, store=store)
    with torch.inference_mode():
        assert store.prefill(group.tokens)[1] == 0
        batch.clear()
        assert store.prefill(group.tokens)[1] == len(group.tokens)


def test_a_model_that_takes_no_shared_prompts_is_noticed(
    make_engine: Callable[..., LocalEngine], collector: type, folder: Path
) -> None:
    engine, owner = make_engine(folder), collector()
    engine._loaded.model.set_attn_implementation("sdpa")
    engine.submit(owner.job(PROMPTS[0], samples=2, max_new_tokens=5))
    result = owner.wait().result
    assert isinstance(result, EngineError)
    assert "does not read shared prompts" in str(result)


def test_memory_is_counted_once_for_a_prompt(batch: Batch, collector: type) -> None:
    store = PrefixStore(batch._loaded, 4096)
    (group,) = joined(batch, collector, PROMPTS[3], samples=1, store=store)
    object.__setattr__(batch._loaded, "cache_tokens", len(group.tokens) + 6 * group.limit)
    assert batch.fits(group, 100) == 5
    longer = joined(Batch(batch._loaded, lambda *_: None), collector, PROMPTS[3] + "x" * 9, samples=1, store=store)[0]
    assert batch.fits(longer, 100) < 5


def test_memory_is_counted_for_each_row_where_rows_have_copies(
    make_engine: Callable[..., LocalEngine], collector: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_node.engine.batch.can_share", lambda model: False)
    batch = Batch(make_engine(device="cpu")._loaded, lambda *_: None)
    (group,) = joined(batch, collector, PROMPTS[3], samples=1, store=PrefixStore(batch._loaded, 4096))
    object.__setattr__(batch._loaded, "cache_tokens", 6 * group.longest)
    assert batch.fits(group, 100) == 5


def test_rows_leave_with_their_prompt() -> None:
    first, second = RowCache(), RowCache()
    all_rows = Shares()
    all_rows.append(first, 2)
    all_rows.append(second, 1)
    assert all_rows.groups == [(first, [0, 1]), (second, [2])]
    all_rows.drop(0)
    assert all_rows.groups == [(second, [0]), (first, [1])]
    all_rows.drop(0)
    assert all_rows.groups == [(first, [0])]


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("uneven", [True, False])
def test_two_parts_of_attention_are_the_attention_over_both(
    monkeypatch: pytest.MonkeyPatch, kernel: bool, uneven: bool
) -> None:
    if not kernel:
        monkeypatch.setattr(shares, "_CPU_KERNEL", None)
    draw = torch.Generator().manual_seed(3)
    heads, queries, size, width = 2, 3, 8, 5
    of = [0, 1, 1, 0]  # the prompt of each row: side by side they are in an order that twice done is another
    query = torch.randn(4, heads, queries, size, generator=draw)
    prompts = [RowCache(), RowCache()]
    for prompt, length in zip(prompts, (7, 4), strict=True):
        prompt.update(*torch.randn(2, 1, heads, length, size, generator=draw), layer_idx=0)
    keys, values = torch.randn(2, 4, heads, width, size, generator=draw)
    owners = Shares()
    for place in of:
        owners.append(prompts[place], 1)
    own = [4, 1, 3, 2] if uneven else [4] * 4
    step = SharedStep(owners, padding_mask(width - 1, own, torch.float32))
    found = step.attend(0, query, keys, values, size**-0.5)
    for row, place in enumerate(of):
        before = prompts[place].layers[0].used()
        begin = width - 1 - own[row]
        whole = [
            torch.cat([prompt[0], mine[row, :, begin:]], dim=1)
            for prompt, mine in zip(before, (keys, values), strict=True)
        ]
        assert torch.allclose(found[row], scaled_dot_product_attention(query[row], *whole), atol=1e-6)


def test_sums_of_exponentials_are_given() -> None:
    query, keys = torch.ones(1, 1, 1, 4), torch.zeros(1, 1, 3, 4)
    _, sums = attention(query, keys, keys, None, 1.0)
    assert sums.item() == pytest.approx(torch.tensor(3.0).log().item())


@pytest.mark.parametrize(
    ("changes", "answer"), [({}, True), ({"sliding_window": 16}, False), ({"sliding_window": None}, True)]
)
def test_a_window_is_not_taken_apart(changes: dict[str, Any], answer: bool) -> None:
    with torch.device("meta"):
        model = MistralForCausalLM(MistralConfig(vocab_size=32, **({"sliding_window": None} | SHAPE | changes)))
    assert can_share(model) is answer


def test_a_model_that_nobody_looked_at_is_left_as_it_is() -> None:
    other = type("Other", (MistralForCausalLM,), {})
    with torch.device("meta"):
        assert not can_share(other(MistralConfig(vocab_size=32, sliding_window=None, **SHAPE)))
