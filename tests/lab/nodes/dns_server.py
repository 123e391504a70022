"""A DNS server that answers, lies, stalls or keeps silent as its order says."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_RCODES = {
    "nxdomain": dns.rcode.NXDOMAIN,
    "servfail": dns.rcode.SERVFAIL,
    "refused": dns.rcode.REFUSED,
    "formerr": dns.rcode.FORMERR,
}
_TTL_S = 60


class Zone:
    """The records and the manners of the server."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._records: dict[str, list[str]] = order["records"]
        self._replies: dict[str, dict[str, Any]] = order["replies"]
        #: Only these names are mistreated; others are served or denied properly.
        self._targets: set[str] = set(order["targets"])
        self._lost: Counter[tuple[str, str]] = Counter()

    def answer(self, data: bytes, over_tcp: bool) -> tuple[bytes, float, int]:
        """Return the answer ("" for none), its delay and the number of copies."""
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return b"", 0.0, 0
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        reply = self._replies.get(kind, self._replies.get("*", {})) if name in self._targets else {}
        mode = reply.get("mode", "answer")
        if mode == "silent" or self._loses(name, kind, reply.get("lose_first", 0)):
            return b"", 0.0, 0
        if mode == "formerr" and query.edns < 0:
            mode = "answer"
        response = self._respond(query, name, kind, mode, over_tcp)
        if mode == "other_id":
            response.id ^= 0x5AA5
        return response.to_wire(), reply.get("delay_s", 0.0), reply.get("copies", 1)

    def _loses(self, name: str, kind: str, count: int) -> bool:
        self._lost[name, kind] += 1
        return self._lost[name, kind] <= count

    def _respond(
        self, query: dns.message.Message, name: str, kind: str, mode: str, over_tcp: bool
    ) -> dns.message.Message:
        response = dns.message.make_response(query, recursion_available=True)
        if mode == "truncate" and not over_tcp:
            response.flags |= dns.flags.TC
            return response
        if mode in _RCODES:
            response.set_rcode(_RCODES[mode])
            return response
        if name not in self._records:
            response.set_rcode(dns.rcode.NXDOMAIN)
            return response
        wanted = ":" if kind == "AAAA" else "."
        texts = [text for text in self._records[name] if wanted in text]
        if kind in ("A", "AAAA") and texts and mode != "empty":
            owner = query.question[0].name
            response.answer.append(dns.rrset.from_text_list(owner, _TTL_S, "IN", kind, texts))
        return response


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own transport is not a subclass of its abstract one (Python 3.11).
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer, delay_s, copies = self._zone.answer(data, over_tcp=False)
        loop = asyncio.get_running_loop()
        for copy in range(copies if answer else 0):
            loop.call_later(delay_s + copy * 0.002, self._transport.sendto, answer, addr)


async def _serve_tcp(
    zone: Zone, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer, delay_s, _ = zone.answer(await reader.readexactly(size), over_tcp=True)
            await asyncio.sleep(delay_s)
            if answer:
                writer.write(len(answer).to_bytes(2, "big") + answer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(order: dict[str, Any]) -> None:
    """Serve until killed."""
    zone = Zone(order)
    loop = asyncio.get_running_loop()
    for address in order["listen"]:
        await loop.create_datagram_endpoint(lambda: _Udp(zone), local_addr=(address, 53))
        if order["tcp"]:
            await asyncio.start_server(lambda r, w: _serve_tcp(zone, r, w), address, 53)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
