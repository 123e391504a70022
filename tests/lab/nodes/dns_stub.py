"""A forwarder on the client's loopback, as systemd-resolved is: both halves cross the capture."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import Any, cast

_SERVFAIL = 2
_TRY_S = 2.5


class _Stub(asyncio.DatagramProtocol):
    def __init__(self, upstream: str, patience_s: float) -> None:
        self._upstream = upstream
        self._patience_s = patience_s
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._forward(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, query: bytes, addr: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        left = self._patience_s or 30.0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
            upstream.setblocking(False)
            upstream.connect((self._upstream, 53))
            while left > 0:
                await loop.sock_sendall(upstream, query)
                try:
                    answer = await asyncio.wait_for(loop.sock_recv(upstream, 4096), _TRY_S)
                except (TimeoutError, OSError):
                    left -= _TRY_S
                    continue
                self._transport.sendto(answer, addr)
                return
        if self._patience_s:
            flags = (0x8180 | _SERVFAIL).to_bytes(2, "big")
            self._transport.sendto(query[:2] + flags + query[4:], addr)


async def main(order: dict[str, Any]) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(
        lambda: _Stub(order["upstream"], order["patience_s"]), local_addr=(order["listen"], 53)
    )
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
