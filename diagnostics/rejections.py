"""Why a client refused a server's certificates, one `Refusal` for each handshake.

Chains come from the wire (TLS 1.2), from keys, or from the session's own probe; they are judged
as Go judges. Without a chain go's own words in the session are taken, and without those nothing
is guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from analyzers.facts import Attempt, Certificate, Facts, Outcome, Stage, TlsHandshake
from analyzers.gosigns import GO_NAMES
from captures.lazyclass import dataclass
from diagnostics.gosays import lines
from diagnostics.report.escape import printable


class Refusal(StrEnum):
    """Which rule a refused certificate belongs to."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NAME_MISMATCH = "name_mismatch"
    SELF_SIGNED = "self_signed"
    CHAIN_INCOMPLETE = "chain_incomplete"
    INTERCEPTED = "intercepted"
    UNTRUSTED_ISSUER = "untrusted_issuer"
    UNKNOWN = "certificate_rejected"


WORDS = (
    (re.compile(r"has expired or is not yet valid: current time \S+ is before"), "not_yet_valid"),
    (re.compile(r"has expired or is not yet valid"), "expired"),
    (
        re.compile(
            r"certificate is (not )?valid for|relies on legacy Common Name|doesn't contain any "
            r"IP SANs"
        ),
        "name_mismatch",
    ),
    (re.compile(r"signed by unknown authority|certificate is not trusted"), "untrusted_issuer"),
)
"""What go prints (crypto/x509/verify.go), most telling first."""

GIT_REFUSES = re.compile(
    r"\bfatal: unable to access 'https://([^/':]+).*\bcertificate (?:verif|prob)"
)
"""What git says of a certificate, with GnuTLS ("server certificate verification failed") and with
OpenSSL ("SSL certificate problem"); the name is the host's."""

ENDS_BETWEEN = "another TLS handshake to the name comes out at the second capture point"

ROOT_WORDS = re.compile(r"\broot\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One handshake that the client ended over the server's certificates."""

    attempt: Attempt
    handshake: TlsHandshake
    refusal: Refusal
    certificate: Certificate | None
    """The one it is about."""
    detail: str
    """Go's words, or what was judged, as a clause to read."""
    missing_issuer: str | None = None
    issuer_urls: tuple[str, ...] = ()


def rejections(facts: Facts) -> list[Rejection]:
    """All handshakes that failed over certificates."""
    refused = [a for a in facts.attempts if _refused(facts, a) or refused_by_git(facts, a)]
    return [_rejection(facts, a, refused) for a in refused]


def refused_by_git(facts: Facts, attempt: Attempt) -> bool:
    """git, which go called, said that it does not take this host's certificate.

    With GnuTLS it looks at it after the handshake, and leaves without an alert or a request.
    """
    if attempt.handshake is None or attempt.outcome is not Outcome.ABANDONED:
        return False
    said = (GIT_REFUSES.search(text) for text in lines(facts, GIT_REFUSES))
    return any(match and match[1] == attempt.name for match in said)


def _refused(facts: Facts, attempt: Attempt) -> bool:
    return (
        attempt.handshake is not None
        and attempt.outcome is Outcome.FAILED
        and attempt.stage is Stage.TLS
        and facts.handshakes[attempt.handshake].rejected_by_client
        and not any(
            a.name == "protocol_version" for a in facts.handshakes[attempt.handshake].alerts
        )
    )


def _rejection(facts: Facts, attempt: Attempt, refused: list[Attempt]) -> Rejection:
    assert attempt.handshake is not None
    handshake = facts.handshakes[attempt.handshake]
    if handshake.chain is not None and (handshake.chain.certificates or handshake.chain.malformed):
        return _judged(facts, attempt, handshake, refused)
    said = _said(facts, attempt)
    refusal, words = said if said is not None else (Refusal.UNKNOWN, "")
    if refusal in (Refusal.UNKNOWN, Refusal.UNTRUSTED_ISSUER) and _tls_ends_between(facts, attempt):
        refusal, words = Refusal.INTERCEPTED, words or ENDS_BETWEEN
    return Rejection(attempt, handshake, refusal, None, words)


def _tls_ends_between(facts: Facts, attempt: Attempt) -> bool:
    """A second capture shows another TLS handshake to the name where this one should pass."""
    pair = facts.comparison.pair_of(attempt.stream) if facts.comparison is not None else None
    return pair is not None and pair.tls_ends_between


def _said(facts: Facts, attempt: Attempt) -> tuple[Refusal, str] | None:
    """Go's own words about this name in the session."""
    lines = facts.session.output if facts.session is not None else ()
    for line in lines:
        if attempt.name and attempt.name not in line.text:
            continue
        for pattern, refusal in WORDS:
            if pattern.search(line.text):
                words = line.text[line.text.find("x509:") :] if "x509:" in line.text else line.text
                return Refusal(refusal), printable(words[:200])
    return None


def _judged(
    facts: Facts, attempt: Attempt, handshake: TlsHandshake, refused: list[Attempt]
) -> Rejection:
    from analyzers.chains import ProblemKind, judge, session_roots, system_roots

    assert handshake.chain is not None
    roots = session_roots(facts.session) if facts.session is not None else system_roots()
    name = handshake.sni or attempt.name or attempt.address
    judgement = judge(handshake.chain, name, capture_time(facts, handshake), roots)
    leaf = next(iter(handshake.chain.certificates), None)
    if judgement.valid or not judgement.problems:
        text = "the chain is in order with the roots known here: the client's trust store lacks one"
        return Rejection(attempt, handshake, Refusal.UNTRUSTED_ISSUER, leaf, text)
    first = judgement.problems[0]
    by_kind = {
        ProblemKind.EXPIRED: Refusal.EXPIRED,
        ProblemKind.NOT_YET_VALID: Refusal.NOT_YET_VALID,
        ProblemKind.NAME_MISMATCH: Refusal.NAME_MISMATCH,
        ProblemKind.LEGACY_COMMON_NAME: Refusal.NAME_MISMATCH,
    }
    refusal = by_kind.get(first.kind)
    if refusal is None and first.kind is ProblemKind.UNKNOWN_AUTHORITY:
        public = judgement.has_timestamps or judgement.organization_trusted
        missing = judgement.missing_issuer
        refusal = _authority(facts, attempt, handshake, refused, first.detail, missing, public)
    return Rejection(
        attempt,
        handshake,
        refusal or Refusal.UNKNOWN,
        first.certificate or leaf,
        printable(first.text),
        judgement.missing_issuer,
        judgement.issuer_urls,
    )


def capture_time(facts: Facts, handshake: TlsHandshake) -> datetime:
    """Wall clock of the capturing host when the certificates arrived."""
    hello = handshake.client_hello or handshake.server_hello
    offset_s = hello.time_s if hello is not None else 0.0
    nanoseconds = max(0, min(facts.capture.first_ns, 253_402_300_000_000_000_000))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        microseconds=nanoseconds // 1000, seconds=offset_s
    )


def _authority(
    facts: Facts,
    attempt: Attempt,
    handshake: TlsHandshake,
    refused: list[Attempt],
    detail: str,
    missing: str | None,
    public: bool,
) -> Refusal:
    """Which of the causes of "signed by unknown authority" it is."""
    assert handshake.chain is not None
    chain = handshake.chain.certificates
    fetchable = public or bool(chain[0].issuer_urls)
    if inspection_signs(facts, attempt, refused, fetchable and detail == "missing_issuer"):
        return Refusal.INTERCEPTED
    if detail == "self_signed_leaf":
        return Refusal.SELF_SIGNED
    if (
        detail == "missing_issuer"
        and missing is not None
        and _is_intermediate(facts, chain, missing, public)
    ):
        return Refusal.CHAIN_INCOMPLETE
    return Refusal.UNTRUSTED_ISSUER


def _is_intermediate(
    facts: Facts, chain: tuple[Certificate, ...], missing: str, public: bool
) -> bool:
    """The missing issuer is an intermediate, which servers must send, and not a root, which they
    may leave out.

    Sure when another chain of the capture shows it, or when it is a public authority's (`public`:
    those sign with intermediates only); likely when the leaf says where to fetch it, or nothing
    in its name says root.
    """
    for other in facts.handshakes:
        for certificate in other.chain.certificates if other.chain else ():
            if certificate.subject == missing:
                return not certificate.self_issued
    leaf = chain[0]
    if leaf.issuer != missing:
        return False
    return public or bool(leaf.issuer_urls) or not ROOT_WORDS.search(missing)


def inspection_signs(
    facts: Facts, attempt: Attempt, refused: list[Attempt], public_issuer: bool
) -> list[str]:
    """What says that an inspection device minted this certificate, one clause per sign.

    `public_issuer`: a public authority signed it, only the link between it and a root is missing;
    or it says itself where that link is to be had, which what a device mints on the way does not.
    """
    from analyzers.certificates import inspection_vendor

    handshake = facts.handshakes[attempt.handshake or 0]
    leaf = (
        handshake.chain.certificates[0]
        if handshake.chain and handshake.chain.certificates
        else None
    )
    if leaf is None:
        return []
    signs = [ENDS_BETWEEN] if _tls_ends_between(facts, attempt) else []
    vendor = inspection_vendor(leaf.issuer)
    if vendor is not None:
        signs.append(f"the issuer's name is that of an inspection product ({vendor})")
    names = _names_of_issuer(facts, leaf, refused)
    if len(names) > 1:
        signs.append(f"the same unknown issuer signed for unrelated names ({', '.join(names)})")
    if attempt.name in GO_NAMES and not leaf.self_signed and not public_issuer:
        signs.append(f"{attempt.name} is a public service, its issuer here is not")
    if _answered_nearer(facts, attempt):
        signs.append("the handshake is answered from nearer than the server is")
    return signs


def _names_of_issuer(facts: Facts, leaf: Certificate, refused: list[Attempt]) -> list[str]:
    """Unrelated names at different addresses for which the leaf's issuer signed."""
    found: dict[str, str] = {}
    for attempt in refused:
        other = facts.handshakes[attempt.handshake or 0]
        theirs = other.chain.certificates[:1] if other.chain else ()
        if (
            theirs
            and theirs[0].issuer == leaf.issuer
            and theirs[0].authority_key_id == leaf.authority_key_id
        ):
            name = attempt.name or ""
            site = ".".join(name.split(".")[-2:])
            if site not in found and attempt.address not in found.values():
                found[site] = attempt.address or ""
    return sorted(found)


def _answered_nearer(facts: Facts, attempt: Attempt) -> bool:
    """TLS comes from another distance than the same address answers on other ports or paths."""
    if attempt.stream is None or attempt.via_proxy:
        return False
    connection = facts.connection(attempt.stream)
    ttl = connection.server.ttl
    others = [
        c.server.ttl
        for c in facts.connections
        if c.server.address == connection.server.address
        and c.server.port != connection.server.port
        and c.server.ttl is not None
        and c.established
    ]
    return ttl is not None and bool(others) and all(ttl > other for other in others)
