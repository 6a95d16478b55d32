"""A thin link between a browser and a server: one token bucket for all connections of a direction, and a delay.

A browser's own throttling misses its workers; this counts every byte, wherever in the page it is asked for.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 16 * 1024


class _Line:
    """One direction of the link: bytes leave it at its rate, and arrive a delay later."""

    def __init__(self, bytes_per_second: float, delay_s: float) -> None:
        self.bytes_per_second = bytes_per_second
        self.delay_s = delay_s
        self.carried = 0
        self._free_at = 0.0

    def arrival(self, count: int) -> float:
        """When (loop time) bytes put on the line now have arrived: after all that was put on it before."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + count / self.bytes_per_second
        self.carried += count
        return self._free_at + self.delay_s

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Everything from one end to the other, a bounded part of it on its way."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while piece := await reader.read(PIECE):
                arrives = self.arrival(len(piece))
                loop.call_at(arrives, self._give, writer, piece)
                # The sender may run ahead by the delay alone: a socket's buffer is not part of the line.
                await asyncio.sleep(max(0.0, arrives - self.delay_s - loop.time()))
            await asyncio.sleep(max(0.0, self._free_at + self.delay_s - loop.time()) + 0.01)
            writer.close()

    @staticmethod
    def _give(writer: asyncio.StreamWriter, piece: bytes) -> None:
        if not writer.is_closing():
            writer.write(piece)


class ThinLink:
    """What went over the link."""

    def __init__(self, port: int, down: _Line) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._down = down

    @property
    def bytes_down(self) -> int:
        """Bytes towards the browser so far."""
        return self._down.carried


@contextmanager
def thin_link(port: int, *, bits_per_second: float = 2e6, round_trip_s: float = 0.12) -> Iterator[ThinLink]:
    """Serve a local port over a thin link, whose own address is on loopback too."""
    loop = asyncio.new_event_loop()
    up = _Line(bits_per_second / 8, round_trip_s / 2)
    down = _Line(bits_per_second / 8, round_trip_s / 2)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(up.carry(reader, far_writer), down.carry(far_reader, writer))
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(connected, "127.0.0.1", 0), loop).result()
    try:
        yield ThinLink(server.sockets[0].getsockname()[1], down)
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    own = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not own]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.wait_closed()
    await asyncio.sleep(0)  # what was aborted closes its socket in the next turn
