"""Who runs next: priorities, then clients in fair turns, then arrival; no sample is lost or given twice."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from model_node.engine.base import EngineError, GenerateJob, Prompt, SamplingParams
from model_node.engine.scheduler import Group, Running, Scheduler, enter
from model_node.engine.shares import TURN_TOKENS


def job(client: str, samples: int, *, tokens: int = 64, prompts: int = 1, priority: int = 0) -> Any:
    wanted = GenerateJob(
        request_id="r",
        prompts=(Prompt(text="x"),) * prompts,
        num_samples=samples,
        params=SamplingParams(max_new_tokens=tokens),
        priority=priority,
        client=client,
        on_sample=lambda _: None,
        on_done=lambda _: None,
    )
    return enter(wanted, [(1, 2, 3)] * prompts, 1 << 20)


def add(scheduler: Scheduler, client: str, samples: int, **more: Any) -> Running:
    running, groups = job(client, samples, **more)
    scheduler.add(groups)
    return running  # type: ignore[no-any-return]


def taken(scheduler: Scheduler, rows: int = 1) -> tuple[Group, list[int]]:
    group = scheduler.next_group()
    assert group is not None
    return group, scheduler.take(group, rows)


def served(scheduler: Scheduler, rows: int) -> Counter[str]:
    """Tokens of each client until so many rows were given, one at a time."""
    found: Counter[str] = Counter()
    for _ in range(rows):
        group, samples = taken(scheduler)
        found[group.running.job.client] += len(samples) * group.limit
    return found


def test_a_client_alone_gets_all_rows_at_once() -> None:
    scheduler = Scheduler(10_000)
    add(scheduler, "a", 4096)
    assert taken(scheduler, 128)[1] == list(range(128))
    assert scheduler.queued == 4096 - 128


def test_a_client_that_comes_late_does_not_wait_for_thousands_of_samples() -> None:
    scheduler = Scheduler(10_000)
    add(scheduler, "big", 4096)
    taken(scheduler, 32)
    served(scheduler, 500)
    add(scheduler, "small", 4)
    turn = TURN_TOKENS // 64
    assert served(scheduler, turn + 4)["small"] == 4 * 64


@pytest.mark.parametrize("seed", range(20))
def test_clients_that_wait_get_equal_tokens_whatever_they_ask(seed: int) -> None:
    draw = random.Random(seed)
    scheduler = Scheduler(1 << 30)
    clients = [f"c{number}" for number in range(draw.randint(2, 9))]
    limits = {client: draw.choice((16, 100, 512, 4096)) for client in clients}
    for client in clients:
        for _ in range(draw.randint(1, 4)):
            add(scheduler, client, 100_000, tokens=limits[client], prompts=draw.randint(1, 3))
    got: Counter[str] = Counter()
    for _ in range(3000):
        group, samples = taken(scheduler, draw.randint(1, 32))
        got[group.running.job.client] += len(samples) * group.limit
    bound = 2 * (TURN_TOKENS + max(limits.values()))
    assert max(got.values()) - min(got[client] for client in clients) <= bound


def test_a_higher_priority_goes_first_whoever_asks() -> None:
    scheduler = Scheduler(100)
    add(scheduler, "a", 2)
    add(scheduler, "b", 2, priority=1)
    assert [taken(scheduler)[0].running.job.client for _ in range(4)] == ["b", "b", "a", "a"]


def test_a_prompt_that_was_read_goes_on_before_the_next_of_its_client() -> None:
    scheduler = Scheduler(100)
    first = add(scheduler, "a", 3, prompts=2)
    add(scheduler, "a", 1)
    group, samples = taken(scheduler, 2)
    scheduler.put_back(group, samples[1:])
    found = [(group.running is first, group.prompt_index, samples) for group, samples in (taken(scheduler, 9),) * 1]
    assert found == [(True, 0, [1, 2])]
    assert [taken(scheduler, 9)[0].prompt_index for _ in range(2)] == [1, 0]


def test_a_queue_that_is_full_takes_nothing_of_a_job() -> None:
    scheduler = Scheduler(5)
    add(scheduler, "a", 3)
    with pytest.raises(EngineError, match="holds 3 of 5 samples and 3 more do not fit"):
        add(scheduler, "b", 3)
    assert scheduler.queued == 3


@pytest.mark.parametrize("seed", range(30))
def test_no_sample_is_lost_or_given_twice(seed: int) -> None:
    draw = random.Random(seed)
    scheduler = Scheduler(1 << 20)
    jobs: list[Running] = []
    open_samples: dict[Running, set[tuple[int, int]]] = {}
    rows: list[tuple[Group, int]] = []
    for _ in range(400):
        step = draw.random()
        if step < 0.3:
            client = draw.choice("abcd")
            size, prompts = draw.randint(1, 9), draw.randint(1, 3)
            more = {"tokens": draw.choice((8, 700)), "priority": draw.randint(0, 2)}
            running = add(scheduler, client, size, prompts=prompts, **more)
            jobs.append(running)
            open_samples[running] = {(place, index) for place in range(prompts) for index in range(size)}
        elif step < 0.7 and scheduler.next_group() is not None:
            group, samples = taken(scheduler, draw.randint(1, 6))
            assert samples
            open_samples[group.running] -= {(group.prompt_index, index) for index in samples}
            rows += [(group, index) for index in samples]
        elif step < 0.8 and rows:
            group, index = rows.pop(draw.randrange(len(rows)))
            scheduler.put_back(group, [index])
            open_samples[group.running].add((group.prompt_index, index))
        elif jobs:
            running = jobs.pop(draw.randrange(len(jobs)))
            rows = [(group, index) for group, index in rows if group.running is not running]
            scheduler.remove(running)
            del open_samples[running]
        assert scheduler.queued == sum(map(len, open_samples.values()))
    while scheduler.next_group() is not None:
        group, samples = taken(scheduler, draw.randint(1, 6))
        keys = {(group.prompt_index, index) for index in samples}
        assert keys <= open_samples[group.running]
        open_samples[group.running] -= keys
    assert scheduler.queued == 0
    assert not any(open_samples.values())
