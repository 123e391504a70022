"""Which failed attempts left a need unmet: what a later or parallel try made good is no failure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from analyzers.facts import Attempt, ClientHello, Facts, Outcome, Side, Stage

AT_ONCE_S = 0.1
"""go turns to the next entry of GOPROXY within milliseconds."""
GIVE_UP_S = 31.0
"""… of giving up, which takes go up to 30 s after its last packet (net/http DefaultTransport)."""
FALLS_THROUGH = ("status 404", "status 410")
"""The statuses after which go asks the next entry of GOPROXY, whatever separates them
(go.dev/ref/mod#goproxy-protocol)."""
NEXT_FAMILY_S = 0.35
"""go tries IPv4 0.3 s after an IPv6 address that has not answered (RFC 8305 section 5), and at once
when that one failed."""
_MOST_PREFIX = 24
"""Parts of a path that may stand before the module's; repository managers have up to six."""
OPTIONAL = re.compile(r"/@v/list$|/@latest$|/sumdb/[^/]+/supported$|[?&]go-get=1")
"""What go can do without: after one of those statuses for it, go asks something else."""
LAST_RESORT = re.compile(r"/@latest$|[?&]go-get=1")
"""… and what it asks when the others did not help, so that it may be the end."""


def unanswered(attempts: Sequence[Attempt], facts: Facts) -> frozenset[int]:
    """Indices of failed attempts that no other attempt made good."""
    failed = [a for a in attempts if a.outcome is Outcome.FAILED and not _optional(a)]
    if not failed and all(a.outcome in (Outcome.FAILED, Outcome.ABANDONED) for a in attempts):
        # What go can do without was all that it asked, and it went away without an alternative.
        failed = [a for a in attempts if LAST_RESORT.search(a.need) and _client_left(a, facts)]
    if not failed:
        return frozenset()
    replaced = _replaced_hosts(attempts, facts)
    kin = _Kin(attempts)
    return frozenset(
        a.index
        for a in failed
        if _host(a) not in replaced
        and not any(
            made_good(a, other) and not _by_another_program(a, other, facts) for other in kin.of(a)
        )
    )


def _by_another_program(failed: Attempt, other: Attempt, facts: Facts) -> bool:
    """go's hello failed, and the one that got through is not this go's: a test with curl, or a
    second run with another version or setting. go offers the same in each try (crypto/tls)."""
    if failed.stage is not Stage.TLS or not _has_go_hello(failed, facts):
        return False
    if _has_go_hello(other, facts) is False:
        return True
    mine, theirs = _hello_of(failed, facts), _hello_of(other, facts)
    return mine is not None and theirs is not None and _offer(mine) != _offer(theirs)


def _offer(hello: ClientHello) -> tuple[object, ...]:
    """What sets versions and settings of go apart; ALPN is another matter (GOINSECURE)."""
    return (
        hello.versions,
        hello.ciphers,
        hello.groups,
        hello.key_share_groups,
        hello.signature_schemes,
    )


def _hello_of(attempt: Attempt, facts: Facts) -> ClientHello | None:
    """None: there is none, or perhaps not all of it."""
    if attempt.handshake is None or facts.capture.truncated_packets:
        return None
    hello = facts.handshakes[attempt.handshake].client_hello
    return hello if hello is not None and hello.complete else None


def _has_go_hello(attempt: Attempt, facts: Facts) -> bool | None:
    """None: there is no hello, or perhaps not all of it."""
    if attempt.handshake is None or facts.capture.truncated_packets:
        return None
    hello = facts.handshakes[attempt.handshake].client_hello
    return None if hello is None else hello.is_go


class _Kin:
    """Finds the attempts that may have made a failed one good, without a look at all others."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self._groups: dict[object, list[Attempt]] = {}
        for attempt in sorted(attempts, key=lambda a: -a.end_s):
            for trait in _traits(attempt):
                self._groups.setdefault(trait, []).append(attempt)
            for path in module_file_tails(attempt.need):
                self._groups.setdefault(("tail", path), []).append(attempt)
        self._further: dict[tuple[object, Stage], list[Attempt]] = {}

    def of(self, failed: Attempt) -> Iterator[Attempt]:
        """Those with a trait in common that got further and did not end before."""
        for trait in _shared_traits(failed):
            place = trait, failed.stage
            if place not in self._further:
                alike = self._groups.get(trait, ())
                self._further[place] = [a for a in alike if _further(a, failed)]
            for other in self._further[place]:
                if other.end_s < failed.start_s:
                    break
                yield other


def _traits(attempt: Attempt) -> Iterator[tuple[object, ...]]:
    """What attempts for the same need may share."""
    if attempt.name is not None:
        yield "name", attempt.name
    yield "address", attempt.address, attempt.port
    yield "need", attempt.need
    yield "began", attempt.port, _moment(attempt.start_s)
    path = _path(attempt.need)
    if "/@" in path:
        yield "file", path


def _moment(time_s: float) -> int:
    return int(time_s / NEXT_FAMILY_S)


def _shared_traits(failed: Attempt) -> Iterator[object]:
    """What `made_good` asks of another attempt, one of them at least; after that stage no more."""
    if failed.stage is Stage.DNS and failed.name is not None:
        yield "name", failed.name
    elif failed.stage in (Stage.DNS, Stage.CONNECT, Stage.PROXY, Stage.TLS):
        yield from (trait for trait in _traits(failed) if trait[0] in ("name", "address", "need"))
        if _is_unnamed_try(failed):
            ends_s = failed.start_s, failed.end_s
            moments = {_moment(t + more) for t in ends_s for more in (0.0, NEXT_FAMILY_S)}
            yield from (("began", failed.port, moment) for moment in moments)
    else:
        yield "need", failed.need
        yield "tail", _path(failed.need)
        yield from (("file", path) for path in module_file_tails(failed.need))


def _further(other: Attempt, failed: Attempt) -> bool:
    return other.outcome is not Outcome.ABANDONED and (
        other.stage > failed.stage or other.outcome is Outcome.SUCCEEDED
    )


def _optional(attempt: Attempt) -> bool:
    return attempt.reason in FALLS_THROUGH and bool(OPTIONAL.search(attempt.need))


def _client_left(attempt: Attempt, facts: Facts) -> bool:
    """The client closed the connection: the capture does not just stop here."""
    if attempt.stream is None:
        return False
    connection = facts.connection(attempt.stream)
    return connection.client.fin_s is not None or any(
        r.sender is Side.CLIENT for r in connection.resets
    )


def _replaced_hosts(attempts: Sequence[Attempt], facts: Facts) -> frozenset[str]:
    """Hosts whose failure made go turn to another one, which then served it (GOPROXY's "|").

    The other one was first asked right after the first failure, and not before: so a checksum
    database, or the host of a redirect, is no replacement for the module proxy. Nor is what
    another program asked; git, which go calls for "direct", looks its host up as go does.
    """
    first_asked_s: dict[str, float] = {}
    first_failed: dict[str, Attempt] = {}
    served: set[str] = set()
    for attempt in sorted(attempts, key=lambda a: a.end_s):
        host = _host(attempt)
        if host is None or attempt.outcome is Outcome.ABANDONED:
            continue
        start_s = _asked_s(attempt, facts)
        first_asked_s[host] = min(start_s, first_asked_s.get(host, start_s))
        foreign = attempt.lookup is None and _has_go_hello(attempt, facts) is False
        if attempt.outcome is Outcome.FAILED:
            first_failed.setdefault(host, attempt)
        elif attempt.outcome is Outcome.SUCCEEDED and not foreign:
            served.add(host)
    return frozenset(
        name
        for name, failed in first_failed.items()
        for other in served - {name}
        if follows(failed, first_asked_s[other])
    )


def _asked_s(attempt: Attempt, facts: Facts) -> float:
    """When go turned to the host; long ago where its connection is older than the capture."""
    if attempt.stream is None:
        return attempt.start_s
    connection = facts.connection(attempt.stream)
    if connection.starts_midway:
        return -math.inf
    if attempt.lookup is not None and facts.lookups[attempt.lookup].name != attempt.name:
        # The address is known from another name's lookup, which says nothing of this one's time.
        return max(attempt.start_s, connection.first_s)
    return attempt.start_s


def _host(attempt: Attempt) -> str | None:
    """Its name, or its address where the capture does not tell the name."""
    return attempt.name or attempt.address


def follows(failed: Attempt, asked_s: float) -> bool:
    """Whether something was asked when go had noticed the failure: at once, or when it gave up."""
    if asked_s < failed.start_s:
        return False  # however fast the network: it was asked for something else, and before
    waited_s = GIVE_UP_S if failed.reason in ("no answer", "incomplete") else AT_ONCE_S
    return -AT_ONCE_S <= asked_s - failed.end_s <= waited_s


def made_good(failed: Attempt, other: Attempt) -> bool:
    """Whether `other` got past the point at which `failed` ended, for the same need."""
    if not _further(other, failed) or other.end_s < failed.start_s:
        return False
    if failed.stage is Stage.DNS:
        return failed.name == other.name
    if failed.stage in (Stage.CONNECT, Stage.PROXY, Stage.TLS):
        same_port = failed.port == other.port
        same = _same_service(failed, other) or _next_family(failed, other)
        return same_port and same and other.start_s >= failed.start_s
    return _same_answer(failed, other)


def _same_service(one: Attempt, other: Attempt) -> bool:
    if one.via_proxy or other.via_proxy:
        return one.need == other.need
    if one.name and other.name:
        return one.name == other.name
    return one.address == other.address


def _is_unnamed_try(attempt: Attempt) -> bool:
    """A connection that did not come about, to an address that nothing in the capture names."""
    return attempt.stage is Stage.CONNECT and attempt.name is None and attempt.address is not None


def _next_family(failed: Attempt, other: Attempt) -> bool:
    """The next address of one name, as it is tried: of the other family, after the usual wait.

    For names that the capture does not show: from the hosts file, or from a resolver that was not
    recorded. An address that was looked up belongs to its own name.
    """
    if not _is_unnamed_try(failed) or other.address is None or other.lookup is not None:
        return False
    if (":" in str(failed.address)) == (":" in other.address):
        return False
    in_turn = 0.0 <= other.start_s - failed.end_s <= AT_ONCE_S
    return in_turn or 0.0 <= other.start_s - failed.start_s <= NEXT_FAMILY_S


def _same_answer(failed: Attempt, other: Attempt) -> bool:
    """The same URL again, or the same module file from another entry of GOPROXY (after a pipe,
    whatever went wrong at the one before)."""
    if other.outcome is not Outcome.SUCCEEDED or other.start_s < failed.start_s:
        return False
    return failed.need == other.need or same_module_file(failed.need, other.need)


def module_file_tails(url: str) -> Iterator[str]:
    """The path of a URL of the GOPROXY protocol, with ever more of a proxy's prefix left out.

    Nothing for other URLs. One of two URLs' paths is among the other's when they name one file.
    """
    path = _path(url)
    for _ in range(_MOST_PREFIX):
        if "/@" not in path:
            return
        yield path
        path = path[path.find("/", 1) :]


def same_module_file(one: str, other: str) -> bool:
    """Two URLs name one module file: one path is the tail of the other, prefixes aside."""
    paths = sorted((_path(one), _path(other)), key=len)
    return "/@" in paths[0] and paths[1].endswith(paths[0])


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
