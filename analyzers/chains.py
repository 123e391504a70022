"""Judge a chain as the go command does: sent certificates and roots in, Go's complaints out.

crypto/x509 takes the certificates after the leaf as a pool without order, looks at alternative
names only, fetches no missing issuer (golang/go#31773) and checks no revocation. A client that
went on to application data has accepted the chain, whatever the roots at hand here say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from analyzers.certificates import chain as read_chain
from analyzers.certificates import parse, read_certificate
from analyzers.facts import Certificate, Chain, Connection, TlsHandshake, TlsStage
from analyzers.pki import dn
from analyzers.pki.extensions import TIMESTAMPS
from analyzers.pki.hostnames import check_host, relies_on_common_name
from analyzers.pki.keys import MAX_RSA_BITS, verifies
from analyzers.pki.paths import Builder, Failure, ProblemKind, check_validity
from analyzers.pki.trust import TrustStore, system_roots
from analyzers.pki.x509 import X509
from captures.lazyclass import dataclass
from captures.roots import certificates_in
from captures.session import Session

__all__ = [
    "Judgement",
    "Problem",
    "ProblemKind",
    "TrustStore",
    "from_session",
    "judge",
    "session_roots",
    "system_roots",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint."""

    kind: ProblemKind
    text: str
    """Go's words."""
    certificate: Certificate | None
    """The certificate it is about: sent, or a root; None when that one cannot be read."""
    index: int | None
    """Its place among the certificates sent, leaf 0; None for a root."""
    detail: str = ""
    """Of an unknown authority: "self_signed_leaf", "missing_issuer", "root_sent_untrusted",
    "issuer_refused" (an issuer of that name is there, and does not do: see the hint)."""
    hint: Problem | None = None
    """Why a candidate issuer was passed over."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What Go makes of a chain."""

    name: str | None
    """The host it was judged for; None: the name was not looked at."""
    at: datetime
    accepted: bool
    """The client was seen to accept it; then nothing is said against it."""
    problems: tuple[Problem, ...] = ()
    """In the order in which Go looks: it prints the first, and the next once that is mended."""
    missing_issuer: str | None = None
    """Subject (RFC 4514) of an issuer that is neither sent nor trusted."""
    missing_issuer_organization: str | None = None
    issuer_urls: tuple[str, ...] = ()
    """Where that issuer's certificate could be had (caIssuers)."""
    organization_trusted: bool = False
    """A trusted root belongs to the missing issuer's organization."""
    has_timestamps: bool = False
    """The leaf carries certificate timestamps: a public authority issued it (RFC 6962)."""
    unknown_roots: int = 0
    """Roots the client trusted that could not be had for this judgement."""

    @property
    def valid(self) -> bool:
        """Nothing is said against the chain."""
        return not self.problems

    def problem(self, kind: ProblemKind) -> Problem | None:
        """The problem of one kind."""
        return next((p for p in self.problems if p.kind is kind), None)


def judge(
    chain: Chain, name: str | None, at: datetime, roots: TrustStore, *, accepted: bool = False
) -> Judgement:
    """Judge the certificates sent for `name` (host name or address) at a moment.

    `accepted` says that the client was seen to go on after the server's flight.
    """
    if accepted:
        return Judgement(name, at, accepted=True)
    if chain.malformed is not None:
        text = f"tls: failed to parse certificate from server: {chain.malformed}"
        unreadable = Problem(ProblemKind.MALFORMED, text, None, None)
        return Judgement(name, at, accepted=False, problems=(unreadable,))
    sent = [c for c in (read_certificate(s.der) for s in chain.certificates) if isinstance(c, X509)]
    if not sent:
        return Judgement(name, at, accepted=False)
    builder = Builder(roots, list({c.der: c for c in sent[1:]}.values()), at)
    failures = [*_leaf_failures(sent, name, at), builder.verify(sent[0])]
    order = {c.der: i for i, c in reversed(list(enumerate(sent)))}
    problems = tuple(_problem(f, order, builder, sent[0]) for f in failures if f is not None)
    top = _missing(problems, builder, sent[0])
    organization = dn.first(top.issuer_name, dn.ORGANIZATION) if top else None
    return Judgement(
        name,
        at,
        accepted=False,
        problems=problems,
        missing_issuer=dn.rfc4514(top.issuer_name) if top else None,
        missing_issuer_organization=organization,
        issuer_urls=tuple(top.extensions.issuer_urls) if top else (),
        organization_trusted=organization is not None and organization in roots.organizations,
        has_timestamps=TIMESTAMPS in sent[0].extensions.numbers,
        unknown_roots=roots.unknown,
    )


def _leaf_failures(sent: Sequence[X509], name: str | None, at: datetime) -> list[Failure | None]:
    """What Go looks at before it builds chains: key sizes, the leaf's validity, its names."""
    leaf = sent[0]
    failures: list[Failure | None] = []
    large = next((c for c in sent if c.rsa_bits > MAX_RSA_BITS), None)
    if large is not None:
        text = f"tls: server sent certificate containing RSA key larger than {MAX_RSA_BITS} bits"
        failures.append(Failure(ProblemKind.KEY_TOO_LARGE, text, large))
    failures.append(check_validity(leaf, (), False, at))
    wrong = check_host(leaf, name) if name else None
    if name and wrong is not None:
        legacy = relies_on_common_name(leaf, name)
        kind = ProblemKind.LEGACY_COMMON_NAME if legacy else ProblemKind.NAME_MISMATCH
        failures.append(Failure(kind, wrong, leaf))
    return failures


def _problem(failure: Failure, order: dict[bytes, int], builder: Builder, leaf: X509) -> Problem:
    """A failure as a fact."""
    detail = ""
    if failure.kind is ProblemKind.UNKNOWN_AUTHORITY and failure.certificate.der in order:
        detail = _detail(builder, leaf)
    parsed = parse(failure.certificate.der)
    return Problem(
        failure.kind,
        failure.text,
        parsed if isinstance(parsed, Certificate) else None,
        order.get(failure.certificate.der),
        detail,
        _problem(failure.hint, {}, builder, leaf) if failure.hint else None,
    )


def _tops(builder: Builder, leaf: X509) -> list[X509]:
    """The sent certificates at which the way up from the leaf ends, in the order reached."""
    reached, tops = [leaf], []
    for certificate in reached:
        parents = [
            parent
            for parent in builder.sent
            if parent.subject == certificate.issuer
            and parent.der != certificate.der
            and builder.signature_problem(certificate, parent) is None
        ]
        reached += [p for p in parents if all(p.der != r.der for r in reached)]
        if not parents:
            tops.append(certificate)
    return tops


def _detail(builder: Builder, leaf: X509) -> str:
    """What is wrong with the authority at the end of the way up."""
    tops = _tops(builder, leaf)
    if any(_is_missing(builder, top) for top in tops):
        return "missing_issuer"
    if any(_signs_itself(builder, top) for top in tops):
        return "self_signed_leaf" if tops[0] is leaf else "root_sent_untrusted"
    return "issuer_refused"


def _signs_itself(builder: Builder, top: X509) -> bool:
    """Its own key made its signature, or nobody else of that name is there who could have."""
    if top.subject != top.issuer:
        return False
    others = [*builder.sent, *builder.roots.named(top.issuer)]
    return verifies(top, top.spki) or all(
        c.subject != top.issuer or c.spki == top.spki for c in others
    )


def _is_missing(builder: Builder, top: X509) -> bool:
    """No certificate with the name of its issuer is at hand."""
    if top.subject == top.issuer:
        return False
    known = any(c.subject == top.issuer for c in builder.sent)
    return not known and not builder.roots.named(top.issuer)


def _missing(problems: Sequence[Problem], builder: Builder, leaf: X509) -> X509 | None:
    """The certificate whose issuer is missing, when that is what is wrong."""
    if not any(p.detail == "missing_issuer" for p in problems):
        return None
    return next((top for top in _tops(builder, leaf) if _is_missing(builder, top)), None)


def session_roots(session: Session) -> TrustStore:
    """The roots that the recorded go trusted: those its machine had, as far as they are at hand.

    The session lists their fingerprints and carries those that distributions do not ship.
    """
    extra = tuple(certificates_in(session.roots.extra_pem.encode("ascii", "ignore")))
    here = system_roots()
    if not session.roots.source and not session.roots.sha256:
        return TrustStore((*(here.fingerprints.values()), *extra), here.source)
    known = {**here.fingerprints, **TrustStore(extra).fingerprints}
    trusted = [known[f] for f in session.roots.sha256 if f in known]
    unknown = max(session.roots.count, len(session.roots.sha256)) - len(trusted)
    return TrustStore((*trusted, *extra), session.roots.source, max(unknown, 0))


def from_session(
    session: Session | None,
    handshakes: Sequence[TlsHandshake],
    connections: Sequence[Connection] = (),
) -> tuple[TlsHandshake, ...]:
    """Give failed handshakes without a chain the one that the session's probe was sent.

    The probe must have asked for the same name; among several, one of the same address is taken.
    """
    probes = [c for c in session.chains if c.certificates_pem] if session is not None else []
    if not probes:
        return tuple(handshakes)
    addresses = {c.stream: c.server.address for c in connections}
    result: list[TlsHandshake] = []
    for handshake in handshakes:
        address = addresses.get(handshake.stream)
        same = [p for p in probes if (p.sni or p.host).lower() == (handshake.sni or address)]
        same.sort(key=lambda p: p.address != address)
        if same and _wants_chain(handshake):
            pem = "\n".join(same[0].certificates_pem).encode("ascii", "ignore")
            probed = read_chain(list(certificates_in(pem)), (), "probe")
            result.append(replace(handshake, chain=probed))
        else:
            result.append(handshake)
    return tuple(result)


def _wants_chain(handshake: TlsHandshake) -> bool:
    """It failed where the server's certificates had begun to come, and they were not readable."""
    answered = handshake.stage in (TlsStage.SERVER_HELLO, TlsStage.SERVER_FLIGHT)
    return handshake.chain is None and answered
