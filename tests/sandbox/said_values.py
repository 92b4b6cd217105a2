"""What a test does with a stub in a split run, and the body that it does it to."""

from __future__ import annotations

# What the test does, the name and the body of a stub, and where it needs any, more code of the candidate's module.
SAID = {
    "nan comes back as nan": (
        "assert f(float('nan')) != f(float('nan')) and f(float('nan')) != 0",
        "f",
        "return args[0]",
    ),
    "an argument that is changed in place is changed for the test": (
        """
        names, counts, seen, inner = ['b', 'a'], {'x': 1}, set(), []
        cart = Cart()
        f(names, counts, seen, [inner], cart)
        assert names == ['a', 'b'] and counts == {'y': 2} and seen == {3} and inner == [4] and cart.items == [5]
        """,
        "f",
        """
        names, counts, seen, outer, cart = args
        names.sort()
        counts.clear()
        counts['y'] = 2
        seen.add(3)
        outer[0].append(4)
        cart.items = [5]
        """,
    ),
    "what is shared stays shared": (
        """
        one = [1]
        given = [one, one]
        given.append(given)
        back = f(given)
        assert back is given and given[0] is one and one == [1, 9]
        cart = Cart()
        assert f(cart) is cart
        pair = (one, [2])
        back = f([pair, frozenset([pair[0][0]]), pair])
        assert back[0] is back[2] is pair and f(pair) is pair
        """,
        "f",
        """
        if isinstance(args[0], list) and isinstance(args[0][1], list):
            assert args[0][2] is args[0]
            args[0][1].append(9)
        return args[0]
        """,
    ),
    "a linked list in the attributes of a dict is changed for the test": (
        """
        ring, other = Ring(), Ring()
        other['z'] = 1
        for number in range(3):
            assert f(ring, other, number) is ring
        assert ring == {0: 0, 1: 1, 2: 4} and other == {'z': 3} and other.pairs() == [('z', n) for n in (1, 1, 2, 3)]
        assert ring.pairs() == [(0, 0), (1, 1), (2, 4)] and ring.cells[2][0][0] is ring.cells[1][0]
        """,
        "f",
        """
        ring, other, number = args
        ring[number] = number * number
        other['z'] = len(ring)
        return ring
        """,
    ),
    "methods properties class and static methods work": (
        """
        cart = Cart().add(2).add(3)
        assert cart.total() == 5 and cart.first == 2
        cart.drop()
        assert cart.items == []
        other = Cart.of(1, 2)
        assert type(other) is Cart and other.items == [1, 2]
        assert Cart.limit(1) == 2 and cached(2) == cached(2) == 4
        slotted = Slotted([1])
        f(slotted)
        assert slotted.kept == [1, 2]
        """,
        "f",
        "args[0].kept.append(2)",
    ),
    "errors are raised as what they are": (
        """
        for kind in (ValueError, KeyError, ZeroDivisionError, StopIteration, FileNotFoundError):
            with pytest.raises(kind) as caught:
                f(kind.__name__)
            assert type(caught.value) is kind
        with pytest.raises(TooBig, match='^7 is more than 3$') as caught:
            f('TooBig')
        assert type(caught.value) is TooBig and caught.value.size == 7
        with pytest.raises(LookupError) as caught:
            f('Own')
        assert type(caught.value).__name__ == 'Own'
        """,
        "f",
        """
        name = args[0]
        if name == 'TooBig':
            raise TooBig(7, 3)
        if name == 'ZeroDivisionError':
            return 1 / 0
        if name == 'FileNotFoundError':
            open('/none')
        kinds = {'Own': Own, 'ValueError': ValueError, 'KeyError': KeyError, 'StopIteration': StopIteration}
        raise kinds[name](name)
        """,
        """
        class Own(LookupError):
            pass
        """,
    ),
    "functions of the test are called back and their errors pass through": (
        """
        seen = []
        def double(x):
            seen.append(x)
            return 2 * x
        assert f(double, 2) == 4 and seen == [2]
        assert f(lambda x: x + 1, 1) == 2 and f(seen.append, 5) is None and seen == [2, 5]
        from operator import itemgetter
        assert f(itemgetter(1), [1, 2]) == 2
        assert f(str.upper, 'a') == 'A' and f(len, [1]) == 1 and f(f, len, [1, 2]) == 2
        class Mine(Exception):
            pass
        problem = Mine(3)
        def fail(x):
            raise problem
        with pytest.raises(Mine) as caught:
            f(fail, 1)
        assert caught.value is problem
        """,
        "f",
        "return args[0](*args[1:])",
    ),
    "code that looks at a function of the test sees its parameters": (
        """
        def greet(name, *, loud=False):
            return name
        assert f(greet) == '(name, *, loud=False)' and f(lambda x, y: x) == '(x, y)'
        """,
        "f",
        "import inspect\nreturn str(inspect.signature(args[0]))",
    ),
    "objects that the test made can be used": (
        """
        class Fake:
            def __init__(self):
                self.asked = []
                self.base = 10
            def get(self, key):
                self.asked.append(key)
                return self.base + key
            def __len__(self):
                return 3
        fake = Fake()
        assert f(fake) == 14 and fake.asked == [1] and fake.note == 'x'
        """,
        "f",
        """
        fake = args[0]
        fake.note = 'x'
        return fake.get(1) + len(fake)
        """,
    ),
    "iterators are taken from one by one both ways": (
        """
        taken = []
        def source():
            for n in range(10):
                taken.append(n)
                yield n
        made = each(source())
        assert taken == [] and next(made) == 0 and next(made) == 1 and taken == [0, 1]
        assert f(iter('ab')) == 'a' and list(each(range(3))) == [0, 1, 2]
        """,
        "f",
        "return next(args[0])",
    ),
    "coroutines run in the candidates loop and call back at the same time": (
        """
        async def fetch(name):
            asked.append(name)
            await asyncio.sleep(0)
            return len(asked)
        asked = []
        assert asyncio.run(later(fetch, "ab")) == [2, 2]
        assert asyncio.run(later(lambda name: fetch(name), "c")) == [3]
        async def both():
            return await asyncio.gather(later(fetch, "x"), later(fetch, "yz"))
        assert asyncio.run(both()) == [[6], [6, 6]]
        async def numbers():
            return [n async for n in stream([1, 2])]
        assert asyncio.run(numbers()) == [1, 2] and asyncio.iscoroutinefunction(later)
        async def fail(name):
            raise KeyError(name)
        with pytest.raises(KeyError):
            asyncio.run(later(fail, "a"))
        """,
        "later",
        "return await asyncio.gather(*map(args[0], args[1]))",
        "import asyncio",
    ),
    "a coroutine that the test gives up is cancelled": (
        """
        async def main():
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(later('sleep'), 0.05)
            return await later('asked')
        assert asyncio.run(main()) == ['cancelled']
        """,
        "later",
        """
        if args[0] == 'asked':
            return state
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            state.append('cancelled')
            raise
        """,
        """
        import asyncio
        state = []
        """,
    ),
}
