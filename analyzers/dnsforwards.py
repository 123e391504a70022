"""The other half of a forwarding resolver: what it asked on to answer what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzers.facts import DnsExchange

#: A question that nobody answered is asked on within this: no resolver tries for longer.
PATIENCE_S = 30.0

#: Stands for all loopback addresses.
_LOOPBACK = "127.0.0.0/8"


def with_forwards(exchanges: Sequence[DnsExchange]) -> tuple[DnsExchange, ...]:
    """Tell of each exchange which earlier one it was asked for.

    A resolver asks the same question on while the one that it was asked is open. Of several such,
    the latest one is meant. One at a loopback address (systemd-resolved, dnsmasq) asks on from
    another address of its host. `exchanges` are in order of their start.
    """
    latest: dict[tuple[str, str, str], DnsExchange] = {}
    found: list[DnsExchange] = []
    for exchange in exchanges:
        question = exchange.name, exchange.qtype
        asked = latest.get((exchange.client, *question))
        if asked is None and not _is_loopback(exchange.client):
            asked = latest.get((_LOOPBACK, *question))
        if asked is not None and _open(asked, exchange.first_s):
            exchange = replace(exchange, forwarded_for=asked.index)
        server = _LOOPBACK if _is_loopback(exchange.server) else exchange.server
        latest[server, *question] = exchange
        found.append(exchange)
    return tuple(found)


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _open(exchange: DnsExchange, time_s: float) -> bool:
    """It was asked, and not answered yet."""
    if not exchange.queries:
        return False
    answer = exchange.response
    end_s = answer.time_s if answer else exchange.queries[-1].time_s + PATIENCE_S
    return exchange.first_s <= time_s <= end_s
