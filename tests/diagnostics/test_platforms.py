"""Whole captures as other systems and places make them, written packet by packet, and verdicts.

Windows and macOS ask DNS again with the id they had, Linux with systemd-resolved asks itself first,
censors go on after the first reset, and a server sees scanners beside its clients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from diagnostics.engine import diagnose
from diagnostics.source import facts_of
from diagnostics.verdict import Verdict
from tests.analyzers.talk import Connection, answer, ask, query, tell
from tests.analyzers.tlstalk import client_hello, message, record, server_name
from tests.packets import ACK, FIN, RST, SYN, Frame, ip, tcp, write_pcap

CLIENT, RESOLVER, SERVER, STUB = "10.1.0.2", "10.9.0.53", "192.0.2.80", "127.0.0.53"
NAME = "proxy.golang.org"
BOGUS = "203.0.113.66"
TCP = 6
PLAIN_GET = (
    b"GET /example.org/m/@v/v1.0.0.%s HTTP/1.1\r\nHost: proxy.golang.org\r\n"
    b"User-Agent: GoCommand/1 (+https://go.dev/cmd/go)\r\n\r\n"
)
HELLO = record(22, message(1, client_hello([0x1301, 0xC02F], [server_name(NAME)])))


def verdict_of(frames: Sequence[Frame], folder: Path) -> Verdict:
    """The verdict about these frames, whatever order they were made in."""
    path = write_pcap(folder / "made.pcap", sorted(frames, key=lambda frame: frame[0]))
    return diagnose(facts_of(str(path)))


def looked_up(at_s: float = 0.0, *, edns: int | None = None, ident: int = 7) -> list[Frame]:
    """Both address types asked for and answered within 12 ms."""
    frames = []
    for number, kind in enumerate(("A", "AAAA")):
        wire = query(NAME, kind, ident + number, edns)
        records = [f"{NAME}. 60 IN A {SERVER}"] if kind == "A" else []
        port = 50_000 + ident + number
        frames += [
            (at_s + 0.001 * number, ask(wire, port, ttl=128)),
            (at_s + 0.011 + 0.001 * number, tell(answer(wire, *records), port)),
        ]
    return frames


def forged(at_s: float, client_port: int, sequence: int, acked: int, *, ttl: int = 113) -> Frame:
    """A RST in the server's name by somebody else."""
    segment = tcp(443, client_port, sequence, acked, RST | ACK, window=2201)
    return at_s, ip(SERVER, CLIENT, TCP, segment, ttl=ttl, ip_id=0x3B1F)


def syn(at_s: float, client_port: int, *, answered: bool = False, ttl: int = 54) -> Frame:
    """A SYN of the client, or the SYN-ACK of the server."""
    if answered:
        segment = tcp(443, client_port, 5_000_000, 1001, SYN | ACK)
        return at_s, ip(SERVER, CLIENT, TCP, segment, ttl=ttl)
    return at_s, ip(CLIENT, SERVER, TCP, tcp(client_port, 443, 1000, 0, SYN), ttl=64)


def refused_by_somebody_else() -> list[Frame]:
    """The first capture of a user whose censor remembers: SYN, RST, and the true SYN-ACK."""
    frames = looked_up()
    for number in range(2):
        at_s, port = 0.1 + number, 40_000 + number
        frames += [
            syn(at_s, port),
            forged(at_s + 0.011, port, 0, 1001),
            syn(at_s + 0.07, port, answered=True),
        ]
    return frames


def named_and_then_reset_at_once() -> list[Frame]:
    """The hello is reset; the connections after it, of the same lookup, as soon as they are up."""
    frames = looked_up()
    for number in range(3):
        port = 40_000 + number
        start_s = 0.1 + 0.15 * number
        talk = Connection(443, start_s=start_s, client_port=port, server_ttl=54)
        said = 0
        if number == 0:
            talk.send(0, HELLO)
            said = len(HELLO)
        frames += [*talk.frames, forged(start_s + 0.043, port, 5_000_001, 1001 + said)]
        frames.append(forged(start_s + 0.0432, port, 5_001_461, 1001 + said, ttl=97))
    return frames


def answers_that_never_come() -> list[Frame]:
    """At the mirror: it answers each SYN of a client 12 hops away, which goes on asking."""
    frames = []
    for at_s in (0.0, 1.0, 3.0, 7.0):
        asks = tcp(50_123, 443, 1000, 0, SYN)
        says = tcp(443, 50_123, 5_000_000, 1001, SYN | ACK)
        frames += [
            (at_s, ip("198.51.100.7", SERVER, TCP, asks, ttl=117)),
            (at_s + 0.0001, ip(SERVER, "198.51.100.7", TCP, says, ttl=64)),
        ]
    return frames


def fetched(start_s: float, *files: bytes, port: int = 40_100, ttl: int = 54) -> list[Frame]:
    """Module files over plain HTTP."""
    talk = Connection(80, start_s=start_s, client_port=port, server_ttl=ttl)
    for file in files:
        talk.client(PLAIN_GET % file)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\n"
        talk.server(head + bytes(900))
    talk.close(0)
    talk.close(1)
    return talk.frames


def scanned_mirror() -> list[Frame]:
    """At the mirror: a download, and scanners that never complete a connection."""
    frames = fetched(0.0, b"info", b"mod", b"zip")
    for number in range(6):
        scanner, at_s = f"203.0.113.{20 + number}", 0.05 * number
        first = tcp(50_000, 443, 1000, 0, SYN)
        frames.append((at_s, ip(scanner, SERVER, TCP, first, ttl=50)))
        for again_s in (0.0001, 1.0, 3.0, 7.0):
            says = tcp(443, 50_000, 5_000_000, 1001, SYN | ACK)
            frames.append((at_s + again_s, ip(SERVER, scanner, TCP, says, ttl=64)))
    return frames


def asked_again_and_both_answered() -> list[Frame]:
    """Windows asks again after a second with the same id, and the late resolver answers both."""
    frames = looked_up()[2:]
    wire = query(NAME, "A", 7, None)
    record_ = f"{NAME}. 60 IN A {SERVER}"
    frames += [(at_s, ask(wire, 50_007, ttl=128)) for at_s in (0.0, 1.0)]
    frames += [(at_s, tell(answer(wire, record_), 50_007)) for at_s in (1.05, 1.06)]
    return frames + fetched(1.1, b"info", b"mod", b"zip")


def forged_behind_a_stub() -> list[Frame]:
    """All interfaces of a Linux desktop: its stub hands on the forged answer."""
    frames: list[Frame] = []
    for number, (kind, bogus) in enumerate((("A", BOGUS), ("AAAA", "2001:db8::66"))):
        own, onward = query(NAME, kind, 7 + number), query(NAME, kind, 90 + number, 1472)
        port, false = 50_000 + number, f"{NAME}. 60 IN {kind} {bogus}"
        true = [f"{NAME}. 60 IN A {SERVER}"] if kind == "A" else []
        frames += [
            (0.0, ask(own, port, client="127.0.0.1", server=STUB)),
            (0.001, ask(onward, port + 10)),
            (0.012, tell(answer(query(NAME, kind, 90 + number, None), false), port + 10, ttl=101)),
            (0.013, tell(answer(own, false), port, client="127.0.0.1", server=STUB, ttl=64)),
            (0.180, tell(answer(onward, *true), port + 10, ttl=52)),
        ]
    for at_s in (0.02, 1.02, 3.02, 7.02):
        frames.append((at_s, ip(CLIENT, BOGUS, TCP, tcp(40_000, 443, 1000, 0, SYN))))
    return frames


def sent_to_a_log_in() -> list[Frame]:
    """A cloud proxy redirects CONNECT."""
    talk = Connection(8080, start_s=0.1, server_ttl=57)
    talk.client(b"CONNECT proxy.golang.org:443 HTTP/1.1\r\nHost: proxy.golang.org:443\r\n\r\n")
    talk.server(
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://login.example/\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    talk.close(1)
    talk.close(0)
    return talk.frames


def redirected_hello() -> list[Frame]:
    """A hotel's box answers the ClientHello with a redirect."""
    frames = looked_up()
    talk = Connection(443, start_s=0.1, server_ttl=64)
    talk.client(HELLO)
    talk.server(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/login\r\n\r\n")
    talk.close(1)
    talk.close(0)
    return frames + talk.frames


def tail_of_an_answer() -> list[Frame]:
    """The capture starts midway; of what the server sends, only the small last segment comes."""
    talk = Connection(443, start_s=0.1)
    talk.client(HELLO)
    talk.send(1, bytes(1400), seen=False)
    talk.send(1, b"\xae\x8d+ the end of an encrypted record")
    gives_up = tcp(40_000, 443, 1001 + len(HELLO), 5_000_001, FIN | ACK)
    frames = [*talk.frames, (10.1, ip(CLIENT, SERVER, TCP, gives_up))]
    return [f for f in frames if f[0] >= 0.13]


Made = Callable[[], list[Frame]]
Place = tuple[str, tuple[int, int] | None]


@pytest.mark.parametrize(
    ("made", "outcome", "cause", "place"),
    [
        (refused_by_somebody_else, "failed", "tcp.reset_injected", ("middlebox", (1, 11))),
        (named_and_then_reset_at_once, "failed", "tls.sni_blocked", ("middlebox", (1, 11))),
        (answers_that_never_come, "failed", "tcp.syn_timeout", ("path", (0, 12))),
        (asked_again_and_both_answered, "degraded", "dns.slow", ("resolver", (2, 2))),
        (forged_behind_a_stub, "failed", "dns.forged", ("middlebox", (1, 13))),
        (sent_to_a_log_in, "failed", "proxy.denied", ("proxy", (8, 8))),
        (redirected_hello, "failed", "tls.not_tls", ("gateway", (1, 1))),
        (tail_of_an_answer, "failed", "path.mtu_blackhole", ("path", (0, 5))),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_cause_is_named(
    made: Made, outcome: str, cause: str, place: Place, tmp_path: Path
) -> None:
    verdict = verdict_of(made(), tmp_path)
    assert verdict.root_cause is not None, verdict.reason
    assert (verdict.outcome.value, verdict.root_cause.cause) == (outcome, cause)
    hop = verdict.root_cause.hop
    assert (hop.role.value, hop.distance) == place
    assert all(f.explained_by for f in verdict.findings[1:])


def test_scanners_of_a_mirror_are_no_loss(tmp_path: Path) -> None:
    verdict = verdict_of(scanned_mirror(), tmp_path)
    assert (verdict.outcome.value, verdict.root_cause) == ("healthy", None)


def heard_one_way() -> list[Frame]:
    """A mirror port that copies one direction: a CONNECT that was answered, and a lookup."""
    talk = Connection(8080, start_s=0.1, client=CLIENT, server_ttl=57)
    talk.client(b"CONNECT proxy.golang.org:443 HTTP/1.1\r\nHost: proxy.golang.org:443\r\n\r\n")
    talk.server(b"HTTP/1.1 200 Connection established\r\n\r\n")
    talk.client(HELLO)
    talk.server(bytes(3000))
    talk.close(0)
    wire = query(NAME, "A", 3, 1232)
    asked = [(at_s, ask(wire, 50_000 + int(at_s))) for at_s in (0.0, 5.0)]
    own = bytes(map(int, CLIENT.split(".")))
    frames = [*talk.frames, *asked]
    return [f for f in frames if f[1][12:16] == own]


def hello_one_way() -> list[Frame]:
    """The same of a handshake that failed somehow."""
    talk = Connection(443, start_s=0.1)
    talk.send(0, HELLO)
    talk.close(0)
    own = bytes(map(int, CLIENT.split(".")))
    return [f for f in talk.frames if f[1][12:16] == own]


@pytest.mark.parametrize("made", [heard_one_way, hello_one_way])
def test_what_the_capture_does_not_hold_is_not_known(made: Made, tmp_path: Path) -> None:
    verdict = verdict_of(made(), tmp_path)
    assert (verdict.outcome.value, verdict.root_cause) == ("inconclusive", None)
