"""Where blocking work runs: bounded threads, so that neither a slow disk nor a heavy image stops the event loop.

Three pools: one for the database, disk and object store; one, as wide as the machine has cores, for pixels; one for
what waits for other archives, so that it keeps nobody else waiting. A pool whose queue is too long refuses instead of
growing.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from storage.errors import OutOfResources

T = TypeVar("T")
_QUEUE_PER_THREAD = 64
_NETWORK_THREADS = 8


class _Pool:
    def __init__(self, threads: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._limit = threads * _QUEUE_PER_THREAD
        self.waiting = 0

    async def run(self, function: Callable[..., T], *args: object) -> T:
        if self.waiting >= self._limit:
            raise OutOfResources("The server is busy; try again in a moment.")
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)
        finally:
            self.waiting -= 1

    def later(self, function: Callable[[], None]) -> None:
        self._executor.submit(function)

    def close(self) -> None:
        self._executor.shutdown(wait=True)


class Work:
    """The thread pools of one web process."""

    def __init__(self, threads: int) -> None:
        self._blocking = _Pool(threads, "web")
        self._pixels = _Pool((os.cpu_count() or 1) + 1, "pixels")
        self._network = _Pool(_NETWORK_THREADS, "network")

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run disk or database work.

        Raises:
            OutOfResources: too much is waiting already.
        """
        return await self._blocking.run(function, *args)

    def later(self, function: Callable[[], None]) -> None:
        """Run something soon without waiting for it: what must happen even if the request is cancelled."""
        self._blocking.later(function)

    async def pixels(self, function: Callable[..., T], *args: object) -> T:
        """Run work that decodes, encodes or renders; its codecs release the GIL.

        Raises:
            OutOfResources: too much is waiting already.
        """
        return await self._pixels.run(function, *args)

    async def network(self, function: Callable[..., T], *args: object) -> T:
        """Run work that waits for other archives.

        Raises:
            OutOfResources: too much is waiting already.
        """
        return await self._network.run(function, *args)

    async def iterate(self, blocks: Iterator[T], *, pixels: bool = False, network: bool = False) -> AsyncIterator[T]:
        """Step through a blocking iterator, one thread hop a block; closes it when the reader goes away."""
        pool = self._pixels if pixels else self._network if network else self._blocking
        try:
            while (block := await pool.run(next, blocks, None)) is not None:
                yield block
        finally:
            close = getattr(blocks, "close", None)
            if close is not None:
                # In the pool: when the reader goes away in the middle, a thread may still be at the block.
                pool.later(lambda: _close_when_idle(close))

    def close(self) -> None:
        """Wait for what runs and waits."""
        self._blocking.close()
        self._pixels.close()
        self._network.close()


def _close_when_idle(close: Callable[[], None]) -> None:
    """Close a generator that another thread may be about to leave."""
    for _ in range(600):
        try:
            close()
        except ValueError:  # "generator already executing"
            time.sleep(0.1)
        else:
            return
