"""The next token of each row: settings, noise, and the cut of the vocabulary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from model_node.engine.base import SamplingParams
from model_node.engine.sampling import Draw, _top, choose, stream_key


@pytest.fixture(autouse=True)
def tensors_on_the_device(device: str) -> Iterator[None]:
    with torch.device(device):
        yield


def draw(index: int = 0, step: int = 0, seen: tuple[int, ...] = (), **settings: Any) -> Draw:
    params = SamplingParams(**({"max_new_tokens": 1, "temperature": 1.0, "top_p": 1.0} | settings))
    return Draw(params=params, key=stream_key(params.seed, 0, index), step=step, seen=seen)


def drawn(logits: list[float], count: int, **settings: Any) -> Counter[int]:
    rows = torch.tensor([logits]).expand(count, -1)
    tokens, _ = choose(rows, [draw(index, **settings) for index in range(count)])
    return Counter(tokens)


def test_frequencies_follow_the_softmax_at_the_temperature() -> None:
    logits = [2.0, 1.0, 0.0, -1.0]
    counts = drawn(logits, 20_000, temperature=0.7)
    for token, share in enumerate((torch.tensor(logits) / 0.7).softmax(-1).tolist()):
        assert counts[token] / 20_000 == pytest.approx(share, abs=0.015)


def test_steps_and_samples_draw_from_streams_that_do_not_repeat() -> None:
    logits = torch.zeros(64, 500)
    by_step, _ = choose(logits, [draw(0, step) for step in range(64)])
    by_sample, _ = choose(logits, [draw(index, 0) for index in range(64)])
    assert len(set(by_step)) > 40
    assert len(set(by_sample)) > 40


def test_a_row_draws_the_same_token_in_any_company_and_order() -> None:
    torch.manual_seed(0)
    logits, draws = torch.randn(9, 300), [draw(index, 3, temperature=1.3, top_p=0.9) for index in range(9)]
    together, _ = choose(logits, draws)
    backwards, _ = choose(logits.flip(0), draws[::-1])
    alone = [choose(logits[row : row + 1], [draws[row]])[0][0] for row in range(9)]
    assert together == backwards[::-1] == alone


def test_temperature_zero_is_the_largest_logit_beside_rows_that_sample() -> None:
    logits = torch.tensor([[0.0, 0.1, 0.05], [0.0, 0.1, 0.05]])
    for index in range(50):
        tokens, _ = choose(logits, [draw(index, temperature=0.0), draw(index)])
        assert tokens[0] == 1


def test_top_k_top_p_and_min_p_cut_the_tail() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log().tolist()
    assert set(drawn(logits, 400, top_k=2)) == {0, 1}
    assert set(drawn(logits, 400, top_p=0.75)) == {0, 1}
    assert set(drawn(logits, 400, top_p=0.85)) == {0, 1, 2}
    assert set(drawn(logits, 400, min_p=0.25)) == {0, 1, 2}
    assert set(drawn(logits, 400, top_p=1e-9)) == {0}


def test_rows_keep_their_own_settings() -> None:
    row = [0.0, -0.1, -0.2]
    for index in range(60):
        tokens, _ = choose(torch.tensor([row, row]), [draw(index, top_k=1), draw(index + 100)])
        assert tokens[0] == 0


def test_the_repetition_penalty_lowers_seen_tokens_only() -> None:
    logits = torch.tensor([[2.0, 1.9, -1.0], [2.0, 1.9, -1.0]])
    tokens, _ = choose(
        logits, [draw(temperature=0.0, repetition_penalty=1.5, seen=(0, 0)), draw(temperature=0.0, seen=(0,))]
    )
    assert tokens == [1, 0]


def test_log_probabilities_ignore_temperature_cuts_and_penalty() -> None:
    logits = torch.tensor([[1.0, 0.0, -2.0]])
    (token,), (logprob,) = choose(logits, [draw(temperature=0.3, top_k=1, repetition_penalty=2.0, seen=(1,))])
    assert token == 0
    assert logprob == pytest.approx(logits.log_softmax(-1)[0, 0].item(), abs=1e-6)


@pytest.mark.parametrize("size", [300, 16_384, 20_001, 151_936])
def test_the_cut_finds_the_largest_logits_of_any_vocabulary(size: int) -> None:
    torch.manual_seed(size)
    logits = torch.randn(3, size)
    values, tokens = _top(logits, 256)
    assert torch.equal(values, logits.topk(256).values)
    assert torch.equal(logits.gather(1, tokens), values)
