"""Packets in, a session.json that fits them out; and sessions in, hostile ones out."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from ipaddress import ip_address
from random import Random
from typing import Any

from captures import session
from tests.fuzz import der
from tests.fuzz.damage import NUMBERS, damage, text
from tests.fuzz.layers import TCP, UDP, layers
from tests.fuzz.seeds import Packet

_MAX_SOCKETS = 40
_MAX_REPEATED = 1000
_YEAR_9999 = 253_402_300_799 * 10**9

#: A certificate: a sequence whose first element is another one, both with two length bytes.
_CERTIFICATE = re.compile(rb"\x30\x82(..)\x30\x82", re.DOTALL)

_SAID = (
    'go: example.com/m@v1.0.0: Get "https://proxy.golang.org/": dial tcp: i/o timeout',
    "go: example.com/m@v1.0.0: reading https://proxy.golang.org/x: 410 Gone",
    "verifying example.com/m@v1.0.0: checksum mismatch",
    "# get https://proxy.golang.org/example.com/m/@v/v1.0.0.mod: 200 OK (0.031s)",
    "go: module lookup disabled by GOPROXY=off",
    "\tx509: certificate signed by unknown authority",
    "lookup proxy.golang.org on 127.0.0.53:53: no such host",
)
_ENVIRONMENT = ("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GOFLAGS", "GOINSECURE", "GODEBUG")
_LITERALS: tuple[Any, ...] = (None, True, -1, 1.5, 10**400, 1e308, -0.0, "", [], {}, [[]], {"": 0})


def invent(packets: list[Packet], rng: Random) -> bytes:
    """A session whose sockets, times and certificates are those of the packets."""
    chains = tuple(
        session.Chain(
            host="proxy.golang.org",
            port=443,
            address=sock.remote_address,
            sni="proxy.golang.org",
            version="TLSv1.3",
            certificates_pem=tuple(map(_pem, _certificates(packets))),
        )
        for sock in _sockets(packets)[:2]
    )
    failed = rng.random() < 0.7
    made = session.Session(
        badhop="0.1.0",
        command=("go", "mod", "download"),
        started=session.rfc3339(min(packets[0].time_ns, _YEAR_9999)) if packets else "",
        duration_s=rng.choice((0.0, 1.5, 600.0)),
        exit_code=int(failed),
        output=tuple(
            session.OutputLine(n / 10, "output", rng.choice(_SAID)) for n in range(rng.randrange(6))
        ),
        requests=tuple(_request(n, rng) for n in range(rng.randrange(4))),
        go=session.GoSettings("go1.24", {name: _setting(rng) for name in _ENVIRONMENT}),
        proxies=session.Proxies(https=rng.choice(("", "http://10.0.0.1:3128", text(rng)))),
        resolver=session.ResolverSettings(("127.0.0.53", "10.0.0.1"), ("corp.example",)),
        routes='[{"dst":"default","gateway":"10.0.0.1","dev":"eth0"}]',
        sockets=_sockets(packets),
        clock=session.Clock(rng.choice((None, 0.1, -86400.0)), "http-date x"),
        chains=chains,
    )
    return json.dumps(dataclasses.asdict(made)).encode()


def _request(n: int, rng: Random) -> session.Request:
    url = f"https://proxy.golang.org/example.com/m/@v/v1.{n}.0.zip"
    status = rng.choice((None, 200, 404, 410, 502, 0, -1, 10**9))
    return session.Request(
        url, status, rng.choice((None, _SAID[0])), n / 5, rng.choice((None, 9.0))
    )


def _setting(rng: Random) -> str:
    return rng.choice(("", "off", "direct", "https://proxy.golang.org,direct", text(rng)))


def _sockets(packets: list[Packet]) -> tuple[session.Socket, ...]:
    """Both ends of every flow, each as if it were local."""
    found: dict[session.Socket, None] = {}
    for packet in packets:
        seen = layers(packet)
        if seen is None or seen.protocol not in (TCP, UDP) or len(found) >= _MAX_SOCKETS:
            continue
        at, size = (seen.network + 12, 4) if seen.version == 4 else (seen.network + 8, 16)
        ends = (packet.data[at : at + size], packet.data[at + size : at + 2 * size])
        source, destination = (str(ip_address(end)) for end in ends)
        one, other = seen.ports(packet.data)
        name = "tcp" if seen.protocol == TCP else "udp"
        found[session.Socket(name, source, one, destination, other)] = None
    return tuple(found)


def _certificates(packets: list[Packet]) -> list[bytes]:
    """Certificates that stand whole in one packet, three at most."""
    found: list[bytes] = []
    for packet in packets[:100]:
        for match in _CERTIFICATE.finditer(packet.data):
            end = match.start() + 4 + int.from_bytes(match[1], "big")
            if end - match.start() > 300 and end <= len(packet.data):
                found.append(packet.data[match.start() : end])
    return found[:3]


def _pem(encoded: bytes) -> str:
    body = base64.encodebytes(encoded).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


def mutate(encoded: bytes, rng: Random) -> bytes:
    """Change some of the values; most keep their type, or the whole file is refused at once."""
    if rng.random() < 0.08:
        return damage(encoded, rng)
    try:
        value = json.loads(encoded)
    except ValueError:
        return damage(encoded, rng)
    typed = rng.random() < 0.8
    for _ in range(rng.choice((1, 2, 5, 20))):
        value = _change(value, typed, rng, 0)
    made = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    if rng.random() < 0.02:
        deep = rng.choice((100, 5000, 200_000))
        made = made[:-1] + b', "routes": ' + b"[" * deep + b"]" * deep + b"}"
    return made


def _change(value: Any, typed: bool, rng: Random, depth: int) -> Any:
    """Change something inside, or at the end of a way down, the value itself."""
    if isinstance(value, dict) and value and (rng.random() < 0.97 or typed):
        key = rng.choice(sorted(value))
        if rng.random() < 0.03:
            return {k: v for k, v in value.items() if k != key}
        if depth and rng.random() < 0.02:
            return {**value, text(rng): text(rng)}
        return {**value, key: _change(value[key], typed, rng, depth + 1)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        changed = _change(value[at], typed, rng, depth + 1)
        copies = rng.choice((0, 1, 1, 1, 1, 1, 2, 300))
        copies = copies if _is_small(changed) else min(copies, 1)
        return value[:at] + [changed] * copies + value[at + 1 :]
    if typed:
        return _same_type(value, rng)
    return rng.choice((*_LITERALS, text(rng), [value] * (300 if _is_small(value) else 1)))


def _is_small(value: Any) -> bool:
    """Whether it can be repeated: repeats of repeats soon fill any memory."""
    return len(repr(value)) <= _MAX_REPEATED


def _same_type(value: Any, rng: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((*NUMBERS, -1, -(2**63), 2**64, 10**30))
    if isinstance(value, float):
        return rng.choice((0.0, -1.0, 1e-9, 1e9, 1e18, 1e308, -1e308))
    if isinstance(value, str):
        return _same_text(value, rng)
    return value


def _same_text(value: str, rng: Random) -> str:
    if value.startswith("-----BEGIN") and rng.random() < 0.9:
        body = "".join(value.split("-----")[2].split())
        return _pem(der.mutate(base64.b64decode(body + "=" * (-len(body) % 4)), rng))
    at = rng.randrange(len(value) + 1)
    return rng.choice(
        (text(rng), value[:at] + text(rng) + value[at:], value[:at], value[:_MAX_REPEATED] * 50)
    )
