"""Carries out what the scheduler says: one thread, one event loop, one channel a node."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from model_node.v1 import model_node_pb2 as pb
from pytest_supercharger import tracing
from pytest_supercharger.address import split_name
from pytest_supercharger.domain import FinishReason
from pytest_supercharger.pool.calls import Access, Calls
from pytest_supercharger.pool.names import addresses
from pytest_supercharger.pool.order import Order
from pytest_supercharger.pool.scheduler import Scheduler
from pytest_supercharger.pool.state import Cancel, Done, Job, Lease, Node, Standing, Start, Trouble, TroubleKind
from pytest_supercharger.wire import answer_of, generate_request, judge_request

__all__ = ["Loop"]

_COALESCE = 0.002  # seconds; what arrives within them is dealt with in one step
_TICK = 0.1
_WATCH = 1.0
_CALL_SECONDS = 3.0  # of a question after who a node is or how busy
_RESOLVE = 10.0  # seconds between two looks at the addresses of a name


class Loop:
    """The scheduler's hands; every public method may be called from any thread."""

    def __init__(
        self,
        scheduler: Scheduler,
        addresses: Sequence[str],
        access: Access,
        watch: Callable[[Sequence[Node], float], None],
    ) -> None:
        """Nothing is asked before `connect`; `watch` gets the nodes and the time each second."""
        self._watch = watch
        self._scheduler = scheduler
        self._addresses = addresses
        self._access = access
        self._calls: dict[str, Calls] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by lease
        self._others: set[asyncio.Task[None]] = set()
        self._poked: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def connect(self, seconds: float) -> None:
        """Start, and ask every node who it is; those that do not answer in time have a standing that says so."""
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(target=self._serve, args=(loop,), name="model nodes", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(seconds), loop).result()

    def submit(self, jobs: Sequence[Job]) -> None:
        """Ask; the orders' `put` hears of it."""
        self._call(self._add, jobs)

    def withdraw(self, jobs: Sequence[Job], *, wait: bool) -> None:
        """Cancel what is asked for these jobs; `wait` until nothing is under way."""
        loop = self._loop
        if loop is None or not loop.is_running():
            return
        future = asyncio.run_coroutine_threadsafe(self._drop(jobs), loop)
        if wait:
            with contextlib.suppress(TimeoutError):  # a loop that is closed meanwhile has cancelled all the same
                future.result(_CALL_SECONDS)

    def close(self) -> None:
        """End every call and the thread."""
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    @property
    def closed(self) -> bool:
        """Whether nobody can be asked."""
        return self._loop is None

    # -- on the loop

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.close()

    def _call(self, work: Callable[..., None], *arguments: Any) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # closed in this very moment
                loop.call_soon_threadsafe(work, *arguments)

    async def _open(self, seconds: float) -> None:
        await self._resolve()
        nodes = [*self._scheduler.nodes.values()]
        await asyncio.gather(*(self._introduce(node, seconds) for node in nodes))
        await asyncio.gather(*(self._weigh(node) for node in nodes if node.standing is Standing.UP))
        if any(split_name(address) for address in self._addresses):
            self._spawn(self._keep_resolving())
        self._spawn(self._keep_time())
        self._spawn(self._keep_watch())

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self._step()

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH)
            self._watch([*self._scheduler.nodes.values()], time.monotonic())

    async def _keep_resolving(self) -> None:
        while True:
            await asyncio.sleep(_RESOLVE)
            await self._resolve()

    async def _resolve(self) -> None:
        """Bring the nodes in line with the addresses; a name that does not resolve now keeps those it had."""
        wanted: dict[str, str] = {}
        for address in self._addresses:
            found = split_name(address)
            if found is None:
                wanted[address] = ""
                continue
            known = {name: found[0] for name, calls in self._calls.items() if calls.server_name == found[0]}
            wanted |= await addresses(*found) or known or {f"{found[0]}:{found[1]}": found[0]}
        for name in self._calls.keys() - wanted.keys():
            self._scheduler.drop_node(name, time.monotonic())
            await self._calls.pop(name).close()
        for name, server_name in wanted.items():
            if name not in self._calls:
                self._calls[name] = Calls(name, self._access, server_name=server_name)
                self._scheduler.add_node(name, time.monotonic())

    def _add(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._scheduler.add(job)
        self._step()

    async def _drop(self, jobs: Sequence[Job]) -> None:
        ours = [self._tasks[lease] for job in jobs for lease in job.leases if lease in self._tasks]
        for job in jobs:
            self._scheduler.drop(job)
        self._step()
        if ours:
            await asyncio.wait(ours, timeout=_CALL_SECONDS)

    async def _end(self) -> None:
        for job in [*self._scheduler.held.jobs.values()]:
            self._scheduler.drop(job)
            job.payload.put(Done(job=job, error="the model nodes were left before all answers had come"))
        running = [*self._tasks.values(), *self._others]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        await asyncio.gather(*(calls.close() for calls in self._calls.values()))

    def _poke(self) -> None:
        if self._poked is None:
            self._poked = asyncio.get_running_loop().call_later(_COALESCE, self._step)

    def _step(self) -> None:
        if self._poked is not None:
            self._poked.cancel()
            self._poked = None
        for action in self._scheduler.step(time.monotonic()):
            if isinstance(action, Start):
                lease = action.lease
                self._tasks[lease.id] = asyncio.get_running_loop().create_task(self._ask(lease))
            elif isinstance(action, Cancel):
                task = self._tasks.get(action.lease.id)
                if task is not None:
                    task.cancel()
            elif isinstance(action, Done):
                action.job.payload.put(action)
            elif action.introduce:
                self._spawn(self._introduce(action.node, _CALL_SECONDS))
            else:
                self._spawn(self._weigh(action.node))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _introduce(self, node: Node, seconds: float) -> None:
        calls = self._calls[node.name]
        try:
            info = await calls.info(seconds)
        except Trouble as trouble:
            now = time.monotonic()
            if trouble.kind is TroubleKind.FOREIGN:
                self._scheduler.refuse(node, str(trouble), now)
            else:
                self._scheduler.unreachable(node, str(trouble), now)
                await self._renew(node, calls)
            return
        words = ", ".join(word for word in (info.backend, info.quantization) if word)
        self._scheduler.introduced(
            node,
            model=info.model_digest,
            label=f"{info.model_id} ({words})",
            rows=info.max_batch_samples,
            context=info.max_context_tokens,
            queue=info.max_queued_samples,
            now=time.monotonic(),
        )
        self._poke()

    async def _renew(self, node: Node, calls: Calls) -> None:
        """A fresh channel: one that has lost its peer waits longer and longer by itself before it connects again."""
        if node.failures % 2 == 0 and self._calls.get(node.name) is calls:
            self._calls[node.name] = Calls(node.name, self._access, server_name=calls.server_name)
            await calls.close()

    async def _weigh(self, node: Node) -> None:
        node.asked_load = time.monotonic()
        try:
            load = await self._calls[node.name].load(_CALL_SECONDS)
        except Trouble as trouble:
            full = trouble.kind is TroubleKind.BUSY
            self._scheduler.unreachable(node, str(trouble), time.monotonic(), full=full)
            return
        except KeyError:
            return  # the name has lost this address
        self._scheduler.loaded(
            node,
            running=load.running_samples,
            queued=load.queued_samples,
            reported=load.tokens_per_second,
            draining=load.draining,
            now=time.monotonic(),
        )

    async def _ask(self, lease: Lease) -> None:
        order: Order = lease.job.payload
        with tracing.under(order.span), tracing.span("model request", calls=True, **order.figures(lease)) as span:
            try:
                trouble = await self._call_for(lease, order)
            except asyncio.CancelledError:
                # By us, and the scheduler knows; where it does not, the channel was closed under the call.
                lost = Trouble(TroubleKind.LOST, f"model node {lease.node.name} was lost; look at its log")
                self._scheduler.ended(lease, lost, time.monotonic())
                raise
            finally:
                self._tasks.pop(lease.id, None)
            if trouble is not None:
                span.fail(trouble.kind.name)
            span.note(answered=len(lease.indices) - len(lease.left))
        self._scheduler.ended(lease, trouble, time.monotonic())
        self._poke()

    async def _call_for(self, lease: Lease, order: Order) -> Trouble | None:
        left = max(0.001, lease.job.deadline - time.monotonic())
        try:
            await (self._judge(lease, order, left) if order.judged else self._generate(lease, order, left))
        except Trouble as trouble:
            return trouble
        except (ValueError, KeyError, asyncio.InvalidStateError) as error:  # no message, or a channel that went
            return Trouble(TroubleKind.BROKEN, f"model node {lease.node.name} cannot be understood: {error}")
        return None

    async def _generate(self, lease: Lease, order: Order, seconds: float) -> None:
        request = generate_request(order.questions[0], lease.indices, seconds, lease.node.model)
        async for event in self._calls[lease.node.name].generate(request, seconds):
            if event.WhichOneof("event") == "sample":
                self._take(lease, order, event.sample)

    def _take(self, lease: Lease, order: Order, sample: pb.Sample) -> None:
        now, answer = time.monotonic(), answer_of(sample, lease.node.model)
        if answer.finish_reason is FinishReason.CANCELLED:
            self._scheduler.torso(lease, answer.sample_index, now)
            return
        index = answer.sample_index if sample.prompt_index == 0 else -1
        torn = answer.finish_reason is FinishReason.ERROR
        if self._scheduler.sample(lease, index, tokens=answer.num_tokens, torn=torn, now=now):
            order.put((index, answer))
        self._poke()

    async def _judge(self, lease: Lease, order: Order, seconds: float) -> None:
        questions = [order.questions[index] for index in lease.indices]
        response = await self._calls[lease.node.name].judge(judge_request(questions, seconds), seconds)
        for index, item in zip(lease.indices, response.judgements, strict=False):
            if self._scheduler.sample(lease, index, tokens=0, torn=False, now=time.monotonic()):
                order.put((index, item.score))
