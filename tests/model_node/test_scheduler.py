"""Who comes next: priorities, and clients that share."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

from model_node.engine.base import GenerateJob, Prompt, SamplingParams
from model_node.engine.scheduler import Group, Scheduler, enter


def job(
    client: str, samples: int, *, priority: int = 0, tokens: int = 10, prompts: int = 1, length: int = 3
) -> list[Group]:
    made = GenerateJob(
        request_id=f"{client}-{samples}",
        prompts=tuple(Prompt(text=str(number)) for number in range(prompts)),
        num_samples=samples,
        params=SamplingParams(max_new_tokens=tokens),
        priority=priority,
        client=client,
        on_sample=lambda _: None,
        on_done=lambda _: None,
    )
    return enter(made, [tuple(range(length))] * prompts, 1000)[1]


def drained(scheduler: Scheduler, rows: int) -> list[tuple[str, int]]:
    """(client, samples) in the order in which rows that come free one after the other are given away."""
    order = []
    while (group := scheduler.next_group()) is not None:
        taken = scheduler.take(group, min(rows, scheduler.share(group, rows)))
        order.append((group.running.job.client, len(taken)))
    return order


def test_a_small_request_does_not_wait_for_the_whole_of_a_large_one() -> None:
    scheduler = Scheduler()
    scheduler.add(job("large", 60))
    first = scheduler.next_group()
    assert first is not None
    scheduler.take(first, 20)
    scheduler.add(job("small", 2))
    assert [client for client, _ in drained(scheduler, 1)[:4]].count("small") == 2


def test_free_rows_are_shared_by_the_clients_that_wait() -> None:
    scheduler = Scheduler()
    for client in "abc":
        scheduler.add(job(client, 9))
    assert drained(scheduler, 6)[:3] == [("a", 2), ("b", 2), ("c", 2)]
    alone = Scheduler()
    alone.add(job("a", 9))
    assert drained(alone, 6) == [("a", 6), ("a", 3)]


def test_shares_are_of_tokens_whatever_the_requests_look_like() -> None:
    """One client sends long samples, one short ones, one many small requests."""
    rng = random.Random(5)
    scheduler = Scheduler()
    scheduler.add(job("long", 400, tokens=100))
    scheduler.add(job("short", 800, tokens=20))
    for _ in range(400):
        scheduler.add(job("many", 1, tokens=50))
    used: Counter[str] = Counter()
    while sum(used.values()) < 30_000:
        group = scheduler.next_group()
        assert group is not None
        taken = scheduler.take(group, min(rng.randint(1, 3), scheduler.share(group, 3)))
        used[group.running.job.client] += len(taken) * group.limit
    assert max(used.values()) - min(used.values()) <= 100


def test_a_group_keeps_its_turn_for_as_many_tokens_as_its_prompt_has() -> None:
    """Else a long prompt is read again for every row that comes free."""
    scheduler = Scheduler()
    for client in "abc":
        scheduler.add(job(client, 9, length=40))
    given = [client for client, _ in drained(scheduler, 1)]
    changes = sum(one != other for one, other in pairwise(given))
    assert changes <= 6
    assert {client: given.count(client) for client in given[:15]} == {"a": 9, "b": 9, "c": 9}
    assert given[:5] == ["a"] * 5


def test_who_was_away_has_no_claim_on_what_it_did_not_use() -> None:
    scheduler = Scheduler()
    scheduler.add(job("steady", 50))
    assert len(drained(scheduler, 1)) == 50
    scheduler.add(job("steady", 20))
    scheduler.add(job("new", 20))
    assert Counter(client for client, _ in drained(scheduler, 1)[:20]) == {"steady": 10, "new": 10}


def test_priority_goes_before_fairness() -> None:
    scheduler = Scheduler()
    scheduler.add(job("a", 3))
    scheduler.add(job("b", 3, priority=-1))
    assert drained(scheduler, 1) == [("a", 1)] * 3 + [("b", 1)] * 3


def test_within_a_client_prompts_keep_their_order_and_stay_together() -> None:
    scheduler = Scheduler()
    scheduler.add(job("a", 3, prompts=2))
    order = []
    while (group := scheduler.next_group()) is not None:
        order += [(group.prompt_index, sample) for sample in scheduler.take(group, 2)]
    assert order == [(prompt, sample) for prompt in (0, 1) for sample in (0, 1, 2)]


def test_samples_that_lost_their_rows_are_not_charged_twice() -> None:
    scheduler = Scheduler()
    scheduler.add(job("a", 4))
    group = scheduler.next_group()
    assert group is not None
    scheduler.put_back(group, scheduler.take(group, 4))
    scheduler.add(job("b", 4))
    assert Counter(client for client, _ in drained(scheduler, 1)[:4]) == {"a": 2, "b": 2}


def test_other_prompts_of_a_client_do_not_prolong_its_turn() -> None:
    scheduler = Scheduler()
    for client in "ab":
        scheduler.add(job(client, 1, prompts=9, length=40))
    assert [client for client, _ in drained(scheduler, 1)[:4]] == ["a", "b", "a", "b"]
