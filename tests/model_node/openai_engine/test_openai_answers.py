"""The engine that forwards, against a real HTTP server: what it asks, and the answers it hands on."""

from __future__ import annotations

from typing import Any

import pytest
from openai_jobs import chat
from openai_server import Answer, OpenAIServer, error, stream, whole

from model_node.engine.base import FinishReason, Prompt, Usage


def test_choices_of_a_stream_are_handed_on_as_they_end(server: OpenAIServer, run: Any) -> None:
    server.script.append(
        stream((0, "a", None), (1, "ä\u2028", None), (1, "😀", "stop"), (0, "b", None), (0, "", "length"))
    )
    owner = run(samples=2, first=5, seed=3)
    assert [(sample.sample_index, sample.text) for sample in owner.samples] == [(6, "ä\u2028😀"), (5, "ab")]
    assert [sample.finish_reason for sample in owner.samples] == [FinishReason.EOS, FinishReason.LENGTH]
    assert owner.result.prompt_tokens == 10
    ((path, body),) = server.asked
    assert path == "chat/completions"
    assert (body["model"], body["n"], body["max_tokens"], body["temperature"]) == ("tiny", 2, 16, 0.0)
    assert body["messages"] == [{"role": "user", "content": "Write it."}]
    assert {"top_k", "min_p", "repetition_penalty", "stop"}.isdisjoint(body)


def test_choices_that_nobody_asked_for_are_passed_over(server: OpenAIServer, run: Any) -> None:
    server.script.append(stream((-1, "no", "stop"), (7, "no", "stop"), (0, "yes", "stop"), (1, "yes", "stop")))
    owner = run(samples=2)
    assert [(sample.sample_index, sample.text) for sample in owner.samples] == [(0, "yes"), (1, "yes")]


def test_an_answer_that_comes_whole_is_as_good(server: OpenAIServer, run: Any) -> None:
    server.script.append(whole("one", "two"))
    owner = run(samples=2)
    assert owner.texts() == {(0, 0): "one", (0, 1): "two"}
    assert [sample.num_tokens for sample in owner.samples] == [4, 4]
    assert owner.result == Usage(
        prompt_tokens=10,
        completion_tokens=8,
        queue_seconds=owner.result.queue_seconds,
        compute_seconds=owner.result.compute_seconds,
    )


def test_what_a_server_leaves_out_is_asked_for_one_by_one_with_other_seeds(server: OpenAIServer, run: Any) -> None:
    server.default = lambda body: whole(f"seed {body['seed']}")
    owner = run(samples=4)
    assert sorted(owner.texts()) == [(0, index) for index in range(4)]
    assert [body.get("n", 1) for _, body in server.asked] == [4, 1, 1, 1]
    assert len(set(owner.texts().values())) == 4
    again = run(samples=2, first=1, name="again")  # the server is known by now, and seeds go by sample
    assert [body.get("n", 1) for _, body in server.asked[4:]] == [1, 1]
    assert again.texts().items() <= owner.texts().items()


def test_fields_that_a_server_refuses_are_left_out_from_then_on(server: OpenAIServer, run: Any) -> None:
    def picky(body: dict[str, Any]) -> Answer:
        for name in ("stream_options", "top_k", "n"):
            if name in body:
                return error(400, f"Unrecognized request argument supplied: '{name}'")
        return whole("fine")

    server.default = picky
    assert len(run(samples=2, top_k=5).texts()) == 2
    asked = len(server.asked)
    assert len(run(samples=2, top_k=5, name="again").texts()) == 2
    assert len(server.asked) == asked + 2


def test_stop_strings_are_sent_and_cut_here_too(server: OpenAIServer, run: Any) -> None:
    server.script += [whole("kept\n``` and more"), whole("kept", reason="stop"), whole("kept", stop_reason=None)]
    stops = (*"uvwxy", "\n```")
    owners = [run(name=name, stop=stops) for name in "abc"]
    assert [owner.texts()[0, 0] for owner in owners] == ["kept"] * 3
    reasons = [owner.samples[0].finish_reason for owner in owners]
    assert reasons == [FinishReason.STOP, FinishReason.STOP, FinishReason.EOS]
    assert server.asked[0][1]["stop"] == list(stops[:4])


def test_a_server_that_goes_on_from_a_prefix_is_told_to(server: OpenAIServer, run: Any) -> None:
    server.script += [whole("    return 1\n"), whole("```python\ndef f():\n    return 2\n")]
    prompt = chat(prefix="```python\ndef f():\n")
    assert run(prompt).texts()[0, 0] == "```python\ndef f():\n    return 1\n"
    assert run(prompt, name="echo").texts()[0, 0] == "```python\ndef f():\n    return 2\n"
    body = server.asked[0][1]
    assert body["messages"][-1] == {"role": "assistant", "content": "```python\ndef f():\n"}
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("```python\ndef f():\n    return 1\n```\nDone.", "    return 1"),
        ("Sure:\n```python\ndef f():\n    return 1\n```", "    return 1"),
        ("```python\nimport re\n\ndef f():\n    return 1\n```", "    return 1"),
        ("```py\n    return 1\n```", "    return 1"),
        ("    return 1", "    return 1"),
        ("", ""),
    ],
)
def test_a_server_that_does_not_go_on_is_asked_in_words_and_its_answer_begins_the_same(
    server: OpenAIServer, run: Any, answer: str, text: str
) -> None:
    said = "Expected last role User or Tool but got assistant"
    server.default = lambda body: error(400, said) if body["messages"][-1]["role"] == "assistant" else whole(answer)
    prefix = "```python\ndef f():\n"
    assert run(chat(prefix=prefix), stop=("\n```",)).texts()[0, 0] == prefix + text
    body = server.asked[-1][1]
    assert body["messages"][-1]["content"].endswith(f"go on from there:\n{prefix}")
    assert {"stop", "continue_final_message"}.isdisjoint(body)


def test_text_without_a_chat_is_completed(server: OpenAIServer, run: Any) -> None:
    choice = b'{"choices": [{"index": 0, "text": "1", "finish_reason": "stop"}]}'
    server.script.append(Answer(content=choice))
    assert run(Prompt(text="x = ")).texts() == {(0, 0): "1"}
    assert server.asked[0][0] == "completions"
    assert server.asked[0][1]["prompt"] == "x = "
