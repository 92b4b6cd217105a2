"""Who gets the slots of a server next."""

from __future__ import annotations

import asyncio

from model_node.engine.openai.slots import Slots


async def order(slots: Slots, *wanted: tuple[str, int, int, int]) -> list[str]:
    """The clients in the order in which they got in, one slot being held until all of them wait."""
    found: list[str] = []

    async def take(client: str, count: int, priority: int, tokens: int) -> None:
        async with slots.take(count, client=client, priority=priority, tokens=tokens):
            found.append(client)
            await asyncio.sleep(0)

    async with slots.take(slots._size):
        tasks = [asyncio.ensure_future(take(*each)) for each in wanted]
        await asyncio.sleep(0)
        assert found == []
    await asyncio.gather(*tasks)
    assert slots.used == 0
    return found


def test_a_client_with_much_to_do_does_not_keep_others_waiting() -> None:
    wanted = [("much", 1, 0, 10)] * 4 + [("little", 1, 0, 10)] * 2
    assert asyncio.run(order(Slots(1), *wanted)) == ["much", "little", "much", "little", "much", "much"]


def test_long_answers_count_for_more() -> None:
    wanted = [("long", 1, 0, 100)] * 2 + [("short", 1, 0, 50)] * 4
    assert asyncio.run(order(Slots(1), *wanted)) == ["long", "short", "short", "long", "short", "short"]


def test_the_urgent_come_first_and_then_who_came_first() -> None:
    wanted = [("a", 1, 0, 1), ("b", 1, 1, 1), ("a", 1, 1, 1)]
    assert asyncio.run(order(Slots(1), *wanted)) == ["b", "a", "a"]


def test_a_large_one_is_not_passed_by_small_ones_for_ever() -> None:
    async def run() -> list[str]:
        slots = Slots(2)
        async with slots.take(1, client="holds"):
            found = asyncio.ensure_future(order_of_two(slots))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert slots.used == 1
        return await found

    async def order_of_two(slots: Slots) -> list[str]:
        found: list[str] = []

        async def take(client: str, count: int) -> None:
            async with slots.take(count, client=client):
                found.append(client)

        await asyncio.gather(take("large", 2), take("small", 1))
        return found

    assert asyncio.run(run()) == ["large", "small"]


def test_who_gives_up_leaves_no_slot_behind() -> None:
    async def run() -> int:
        slots = Slots(1)
        async with slots.take(1):
            waiting = asyncio.ensure_future(slots.take(1).__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
        async with slots.take(1):
            return slots.used

    assert asyncio.run(run()) == 1
