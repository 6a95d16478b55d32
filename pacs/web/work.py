"""Where blocking work runs: bounded threads, so that neither a slow disk nor a heavy image stops the event loop.

Two pools: one for the database, disk and object store; one, as wide as the machine has cores, for pixels. A pool whose
queue is too long refuses instead of growing.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from storage.errors import OutOfResources

T = TypeVar("T")
_QUEUE_PER_THREAD = 64


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

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


class Work:
    """The thread pools of one web process."""

    def __init__(self, threads: int) -> None:
        self._blocking = _Pool(threads, "web")
        self._pixels = _Pool((os.cpu_count() or 1) + 1, "pixels")

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run disk or database work.

        Raises:
            OutOfResources: too much is waiting already.
        """
        return await self._blocking.run(function, *args)

    async def pixels(self, function: Callable[..., T], *args: object) -> T:
        """Run work that decodes, encodes or renders; its codecs release the GIL.

        Raises:
            OutOfResources: too much is waiting already.
        """
        return await self._pixels.run(function, *args)

    async def iterate(self, blocks: Iterator[T]) -> AsyncIterator[T]:
        """Step through a blocking iterator, one thread hop a block; closes it when the reader goes away."""
        try:
            while (block := await self._blocking.run(next, blocks, None)) is not None:
                yield block
        finally:
            close = getattr(blocks, "close", None)
            if close is not None:
                close()

    def close(self) -> None:
        """Wait for what runs, drop what waits."""
        self._blocking.close()
        self._pixels.close()
