"""Every chain of a capture, judged as go judges it at the time of the capture.

Nothing is judged until somebody asks: that needs the roots, which take longer to read than a small
capture.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from analyzers.chains import ProblemKind, judge, session_roots, system_roots
from analyzers.facts import Chain, Facts, TlsHandshake
from analyzers.inspection import inspection_vendor
from captures.lazyclass import dataclass

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Late on the last day of year 9999, in nanoseconds since 1970.
_LATEST_NS = 253_402_300_000_000_000_000


@dataclass(frozen=True, slots=True)
class ChainJudgement:
    """What go makes of the certificates that one server sent. It takes those after the leaf in any
    order, looks at alternative names only, and fetches no missing issuer."""

    handshake: int
    """`handshakes.index`."""
    stream: int
    name: str
    """The host that was judged for: that of the ClientHello, else the server's address."""
    judged_utc: datetime
    """When the certificates came, by the clock of the capturing host: go judges by its own."""
    source: str
    """`wire` (TLS 1.2 in clear), `decrypted`, or `probe` (of the session, after the download)."""
    frames: tuple[int, ...]
    accepted: bool
    """The client went on: then it accepted the chain, whatever the roots at hand say, and nothing
    is said against it."""
    problems: tuple[str, ...]
    """Go's words, in the order in which it looks: it prints the first, and the next one once that
    is mended."""
    kinds: tuple[ProblemKind, ...]
    """Of the problems."""
    detail: str | None
    """Of an unknown authority: "self_signed_leaf", "missing_issuer", "root_sent_untrusted" or
    "issuer_refused"."""
    missing_issuer: str | None
    """Subject (RFC 4514) of an issuer that is neither sent nor trusted."""
    issuer_urls: tuple[str, ...]
    """Where that issuer's certificate could be had (AIA caIssuers)."""
    in_order: bool
    """Each certificate is issued by the one sent after it. Go does not mind; other clients may."""
    inspection_product: str | None
    """The TLS inspection product that the leaf's issuer is named after; a name proves nothing."""
    unknown_roots: int
    """Roots that the recorded client trusted and that could not be had for this judgement."""


def judgements(facts: Facts) -> Iterator[ChainJudgement]:
    """Judge the chain of each handshake that has one, with the session's roots or the system's."""
    chains = [(h, h.chain) for h in facts.handshakes if h.chain is not None]
    if not chains:
        return
    roots = session_roots(facts.session) if facts.session is not None else system_roots()
    for handshake, chain in chains:
        name = handshake.sni or facts.connection(handshake.stream).server.address
        at = _moment(facts, handshake)
        found = judge(chain, name, at, roots, accepted=handshake.completed)
        leaf = next(iter(chain.certificates), None)
        yield ChainJudgement(
            handshake=handshake.index,
            stream=handshake.stream,
            name=name,
            judged_utc=at,
            source=chain.source,
            frames=chain.frames,
            accepted=found.accepted,
            problems=tuple(problem.text for problem in found.problems),
            kinds=tuple(problem.kind for problem in found.problems),
            detail=next((p.detail for p in found.problems if p.detail), None),
            missing_issuer=found.missing_issuer,
            issuer_urls=found.issuer_urls,
            in_order=_in_order(chain),
            inspection_product=inspection_vendor(leaf.issuer) if leaf else None,
            unknown_roots=found.unknown_roots,
        )


def _in_order(chain: Chain) -> bool:
    sent = chain.certificates
    return all(one.issuer == other.subject for one, other in pairwise(sent))


def _moment(facts: Facts, handshake: TlsHandshake) -> datetime:
    """When the certificates came; a clock beyond what dates can say is taken for its limit."""
    hello = handshake.server_hello or handshake.client_hello
    after_s = hello.time_s if hello is not None else 0.0
    zero_ns = facts.capture.zero_ns or 0
    at_ns = max(0, min(zero_ns + round(after_s * 1e9), _LATEST_NS))
    return EPOCH + timedelta(microseconds=at_ns // 1000)
