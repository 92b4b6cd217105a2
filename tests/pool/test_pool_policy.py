"""Pauses, chunks and preferences, each by itself."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.pool import policy
from pytest_supercharger.pool.state import Job, Lease, Node, Standing, Tuning, runs

TUNING = Tuning()


def node(name, **more):
    return Node(name=name, **{"standing": Standing.UP, "rows": 8, **more})


def job(samples, **more):
    return Job(id=1, missing=set(range(samples)), waiting=set(range(samples)), deadline=1e9, begun=0.0, **more)


def shares(nodes, jobs, paces=None):
    paces = paces or {one.name: 1.0 for one in nodes}
    return [(grant.node.name, grant.indices) for grant in policy.grants(nodes, jobs, paces, 100.0, 0.0, TUNING)]


@given(st.sets(st.integers(0, 60)))
def test_runs_hold_every_index_once_and_no_hole(indices):
    found = [*runs(indices)]
    assert [index for run in found for index in run] == sorted(indices)
    assert all(one.stop < other.start for one, other in itertools.pairwise(found))


@given(failures=st.integers(0, 1000), seed=st.integers(0, 1000))
def test_a_pause_lies_between_nothing_and_twice_the_one_before(failures, seed):
    seconds = policy.pause(failures, random.Random(seed), TUNING)
    assert 0 <= seconds <= min(TUNING.longest_pause, TUNING.pause * 2.0 ** min(failures, 16))
    assert seconds == policy.pause(failures, random.Random(seed), TUNING)


def test_a_question_is_shared_out_between_idle_nodes():
    assert shares([node("a"), node("b")], [job(10)]) == [("a", range(5)), ("b", range(5, 10))]


def test_too_few_samples_for_two_prefills_stay_together():
    assert shares([node("a"), node("b")], [job(4)]) == [("a", range(4))]


def test_a_chunk_is_as_large_as_the_nodes_share_of_the_rows_and_the_speed():
    assert shares([node("small"), node("large", rows=24)], [job(16)]) == [("small", range(4)), ("large", range(4, 16))]
    small = [node("slow", rows=16), node("fast", rows=16)]
    assert shares(small, [job(18)], {"slow": 1.0, "fast": 1.2}) == [("fast", range(10)), ("slow", range(10, 18))]


def test_a_chunk_is_no_larger_than_what_a_node_takes_in_one_request():
    assert shares([node("a", rows=5, most=2)], [job(5)]) == [("a", range(2)), ("a", range(2, 4)), ("a", range(4, 5))]
    assert [len(run) for _, run in shares([node("a", rows=4000)], [job(5000)])][:2] == [1024, 1024]
    slow, fast = node("slow"), node("fast", most=2)
    late = Lease(id=1, job=job(8), node=slow, indices=range(8), left=set(range(8)), begun=0.0, heard=0.0)
    paces = {"slow": 1.0, "fast": 100.0}
    assert [len(one.indices) for one in policy.hedges([slow, fast], [late], paces, 1.0, 99.0, 8, TUNING)] == [2]


def test_a_slow_node_leaves_alone_what_a_busy_fast_one_does_sooner():
    busy = node("fast", under_way=8)
    assert shares([node("slow"), busy], [job(4)], {"slow": 1.0, "fast": 8.0}) == []


def test_a_full_node_gets_no_more_than_a_few_that_wait():
    assert shares([node("a")], [job(100)]) == [("a", range(8))]
    assert shares([node("a", under_way=7)], [job(100)]) == [("a", range(4))]
    assert shares([node("a", under_way=8)], [job(100)]) == []


def test_a_node_that_others_keep_busy_still_gets_a_little():
    assert shares([node("a", others=1000)], [job(100)]) == [("a", range(4))]


def test_a_node_that_rests_drains_or_has_failed_the_job_is_left_out():
    failed = job(4)
    failed.failures["a"] = TUNING.attempts
    assert shares([node("a")], [failed]) == []
    assert shares([node("a", rests_until=1.0)], [job(4)]) == []
    assert shares([node("a", draining=True)], [job(4)]) == []
    assert shares([node("a", standing=Standing.DOWN)], [job(4)]) == []


@given(st.text(), st.sets(st.sampled_from("abcde"), min_size=2))
def test_codes_and_tests_of_a_stub_have_different_models(stub, models):
    assert policy.preferred(stub, "code", models) == policy.preferred(stub, "repair", models)
    assert policy.preferred(stub, "code", models) != policy.preferred(stub, "test", models)
    assert policy.preferred(stub, "code", models) in models


def test_one_model_is_no_choice():
    assert policy.preferred("m:f", "code", {"a"}) == ""
