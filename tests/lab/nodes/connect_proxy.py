"""An explicit HTTP proxy: CONNECT that works, is denied, fails, waits or keeps silent."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from typing import Any

_FOREVER_S = 3600.0
_REFUSALS = {
    "407": '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"',
    "403": "403 Forbidden",
    "502": "502 Bad Gateway",
    "503": "503 Service Unavailable",
    "504": "504 Gateway Timeout",
}


class Proxy:
    """Knows where names lead, because the lab gives it no resolver of its own."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._mode: str = order["mode"]
        self._delay_s: float = order["delay_s"]
        self._hosts: dict[str, str] = order["hosts"]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await self._connect(head.split(b" ", 2)[1].decode(), reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _connect(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._mode == "silent":
            await asyncio.sleep(_FOREVER_S)
        await asyncio.sleep(self._delay_s)
        if self._mode in _REFUSALS:
            writer.write(f"HTTP/1.1 {_REFUSALS[self._mode]}\r\n".encode())
            writer.write(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        host, _, port = target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(self._hosts[host], int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(order: dict[str, Any]) -> None:
    """Serve until killed."""
    proxy = Proxy(order)
    context = None
    if order["chain_and_key"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*order["chain_and_key"])
    await asyncio.start_server(proxy.handle, order["listen"], order["port"], ssl=context)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
