"""Whole connections of a download: what goes well, and what ends in the TLS handshake."""

from __future__ import annotations

from typing import Any

from analyzers.facts import (
    Chain,
    ClientHello,
    Connection,
    HttpExchange,
    Reset,
    Side,
    TlsHandshake,
    TlsStage,
)
from tests.factories.http import request
from tests.factories.tcp import closed, connection, sent
from tests.factories.tls import alert, client_hello, handshake
from tests.factories.world import NAME, SERVER, SERVER_TTL


def fetched(
    stream: int = 0,
    at_s: float = 0.1,
    *,
    name: str = NAME,
    address: str = SERVER,
    hello: ClientHello | None = None,
    **changes: Any,
) -> tuple[Connection, TlsHandshake]:
    """A connection over which something came inside TLS; the client closed it after a second."""
    through = handshake(stream, at_s + 0.03, sni=name)
    if hello is not None:
        through = handshake(stream, at_s + 0.03, sni=name, client_hello=hello)
    client = sent(1000, at_s + 0.03, at_s + 0.2) | closed(at_s + 0.9)
    server = sent(90_000, at_s + 0.05, at_s + 0.8) | closed(at_s + 0.92)
    changes = {"client": client, "server": server, "address": address} | changes
    return connection(stream, at_s, **changes), through


def fetched_plain(
    stream: int = 0, at_s: float = 0.1, *, address: str = SERVER, **changes: Any
) -> tuple[Connection, HttpExchange]:
    """A connection with one clear request; `changes` are the request's."""
    client = sent(200, at_s + 0.03) | closed(at_s + 0.9)
    server = sent(2000, at_s + 0.05, at_s + 0.06) | closed(at_s + 0.92)
    whole = connection(stream, at_s, address=address, port=80, client=client, server=server)
    return whole, request(stream, at_s + 0.03, **changes)


def refused_certificate(
    stream: int = 0,
    at_s: float = 0.1,
    *,
    name: str | None = NAME,
    address: str = SERVER,
    chain: Chain | None = None,
    ttl: int = SERVER_TTL,
) -> tuple[Connection, TlsHandshake]:
    """The server's flight arrives, and the client ends the handshake with an alert and a RST.

    With a chain it is TLS 1.2 (or what badhop's probe was sent), without one TLS 1.3.
    """
    ended_s = at_s + 0.06
    clear = chain is not None and chain.source == "wire"
    ended = alert(ended_s, "bad_certificate", 42, Side.CLIENT)
    if not clear:
        ended = alert(ended_s, "encrypted", None, Side.CLIENT, inferred=True)
    return (
        connection(
            stream,
            at_s,
            address=address,
            last_s=at_s + 0.07,
            ttl=ttl,
            client=sent(310, at_s + 0.03, ended_s) | closed(ended_s),
            server=sent(3000, at_s + 0.05),
            resets=(_own_reset(at_s + 0.07),),
        ),
        handshake(
            stream,
            at_s + 0.03,
            sni=name,
            stage=TlsStage.SERVER_FLIGHT,
            version=0x0303 if clear else 0x0304,
            chain=chain,
            alerts=(ended,),
            rejected_by_client=True,
        ),
    )


def failed_hello(
    stream: int = 0,
    at_s: float = 0.1,
    *,
    hello: ClientHello | None = None,
    acked: bool = False,
    address: str = SERVER,
    ended_by: tuple[Reset, ...] = (),
    server: dict[str, Any] | None = None,
    last_s: float | None = None,
    **changes: Any,
) -> tuple[Connection, TlsHandshake]:
    """A ClientHello to which no ServerHello came; unless it is reset, go waits for 10 s.

    A server that took it acknowledges go's FIN too.
    """
    hello = client_hello(at_s + 0.03) if hello is None else hello
    last_s = at_s + (0.1 if ended_by else 10.0) if last_s is None else last_s
    client = sent(hello.size, at_s + 0.03) | ({} if ended_by else closed(last_s))
    client["acked_bytes"] = hello.size if acked else 0
    if acked and not ended_by:
        server = {"last_s": last_s + 0.02} | (server or {})
    return (
        connection(
            stream,
            at_s,
            address=address,
            last_s=last_s,
            client=client,
            server=server,
            resets=ended_by,
            **changes,
        ),
        handshake(
            stream,
            at_s + 0.03,
            stage=TlsStage.CLIENT_HELLO,
            client_hello=hello,
            hello_acked_bytes=hello.size if acked else 0,
            hello_acked_s=at_s + 0.05 if acked else None,
        ),
    )


def _own_reset(at_s: float) -> Reset:
    """The RST that go sends itself when data meets its closed socket."""
    return Reset(round(at_s * 1000) + 1, at_s, Side.CLIENT, 64, 0, 0, 1, None, False)
