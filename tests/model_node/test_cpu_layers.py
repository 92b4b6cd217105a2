"""The faster CPU paths compute what the ordinary ones do."""

from __future__ import annotations

import pytest
import torch
import transformers

from model_node.engine.attending import attend
from model_node.engine.cpu import LaidOutLinear, prepare


@pytest.mark.parametrize("rows", [1, 7, 40])
@pytest.mark.parametrize("bias", [True, False])
def test_a_laid_out_layer_equals_the_layer_it_was_made_from(rows, bias):
    torch.manual_seed(0)
    layer = torch.nn.Linear(64, 96, bias=bias, dtype=torch.bfloat16)
    inputs = torch.randn(rows, 1, 64, dtype=torch.bfloat16)
    with torch.inference_mode():
        torch.testing.assert_close(LaidOutLinear(layer)(inputs), layer(inputs), atol=2e-2, rtol=2e-2)


@pytest.mark.parametrize("masked", [True, False])
def test_grouped_attention_equals_attention_with_repeated_heads(masked, monkeypatch):
    monkeypatch.setattr("model_node.engine.attending.sdpa_attention_forward", None)  # which repeats them
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 6, 1, 8), torch.randn(3, 2, 11, 8), torch.randn(3, 2, 11, 8)
    mask = torch.rand(3, 1, 1, 11) > 0.3 if masked else None
    got, _ = attend(torch.nn.Module(), query, key, value, mask, scaling=0.5)
    repeated = [tensor.repeat_interleave(3, dim=1) for tensor in (key, value)]
    wanted = torch.nn.functional.scaled_dot_product_attention(query, *repeated, attn_mask=mask, scale=0.5)
    torch.testing.assert_close(got, wanted.transpose(1, 2))


def test_a_prepared_model_gives_the_same_logits():
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=99,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    model = transformers.Qwen2ForCausalLM(config).to(torch.bfloat16).eval()
    tokens = torch.randint(0, 99, (3, 12))
    with torch.inference_mode():
        before = model(tokens, use_cache=True)
        prepare(model)
        after = model(tokens, use_cache=True)
        one = model(tokens[:, -1:], past_key_values=after.past_key_values)
        two = model(torch.cat([tokens, tokens[:, -1:]], dim=1))
    torch.testing.assert_close(after.logits, before.logits, atol=3e-2, rtol=3e-2)
    torch.testing.assert_close(one.logits[:, -1], two.logits[:, -1], atol=3e-2, rtol=3e-2)
    assert any(isinstance(layer, LaidOutLinear) for layer in model.modules())
