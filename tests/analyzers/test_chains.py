"""Chains judged as Go judges them: every case is also given to Go's own verifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_network
from itertools import pairwise
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from analyzers.certificates import chain
from analyzers.chains import Judgement, ProblemKind, TrustStore, judge
from tests.analyzers.authority import NOW, YEAR, Entity, Order, authority, issue, leaf, name
from tests.analyzers.goverifier import Item, go_verdicts

HOST = "proxy.example.com"
URL = "http://ca.example.com/sub.der"
LONG_AGO: dict[str, Any] = {"start": NOW - 9 * YEAR, "end": NOW - YEAR}
TO_COME: dict[str, Any] = {"start": NOW + YEAR, "end": NOW + 2 * YEAR}


@dataclass(frozen=True)
class Case:
    """A chain, and what Go must say of it: None when it accepts."""

    sent: Sequence[Entity]
    roots: Sequence[Entity]
    first: ProblemKind | None = None
    detail: str = ""
    host: str = HOST
    at: datetime = NOW
    others: tuple[ProblemKind, ...] = ()
    """Problems behind the first."""


@cache
def root() -> Entity:
    """The trusted root of most cases."""
    return authority("Root CA", subject=name("Root CA", "Example Trust"))


@cache
def sub() -> Entity:
    """Its intermediate."""
    return authority("Sub CA", root(), subject=name("Sub CA", "Example Trust"))


@cache
def good() -> Entity:
    """A leaf with nothing wrong."""
    return leaf(HOST, sub(), issuer_url=URL)


@cache
def stranger() -> Entity:
    """A root nobody trusts."""
    return authority("Box Root")


def _unnamed(**changes: Any) -> Entity:
    return leaf(HOST, sub(), dns=(), **changes)


def _accepted() -> dict[str, Case]:
    direct = leaf(HOST, root())
    alone = leaf(HOST, None, key_ids=False)
    odd_key = authority("Ed Root", key=ed25519.Ed25519PrivateKey.generate())
    p384 = authority("P384 Root", key=ec.generate_private_key(ec.SECP384R1()))
    rsa_root = authority("RSA Root", key=rsa.generate_private_key(65537, 2048))
    return {
        "whole": Case([good(), sub()], [root()]),
        "root sent too": Case([good(), sub(), root()], [root()]),
        "wrong order": Case([good(), root(), sub()], [root()]),
        "leaf twice": Case([good(), good(), sub()], [root()]),
        "intermediate twice": Case([good(), sub(), sub()], [root()]),
        "stranger among them": Case([good(), stranger(), sub()], [root()]),
        "no intermediate needed": Case([direct], [root()]),
        "intermediate trusted": Case([good()], [sub()]),
        "wildcard": Case([leaf("*.example.com", sub()), sub()], [root()]),
        "upper case": Case([leaf("PROXY.Example.COM", sub()), sub()], [root()]),
        "host with a dot": Case([good(), sub()], [root()], host=HOST + "."),
        "underscore": Case(
            [leaf("a_b.example.com", sub()), sub()], [root()], host="a_b.example.com"
        ),
        "address": Case(
            [leaf("x", sub(), addresses=("192.0.2.7",)), sub()], [root()], host="192.0.2.7"
        ),
        "IPv6 address": Case(
            [leaf("x", sub(), addresses=("2001:db8::7",)), sub()], [root()], host="[2001:db8::7]"
        ),
        "leaf is a CA": Case([leaf(HOST, sub(), ca=True), sub()], [root()]),
        "leaf without key ids": Case([leaf(HOST, sub(), key_ids=False), sub()], [root()]),
        "authority key id of another": Case([_wrong_key_id(), sub()], [root()]),
        "leaf without basic constraints": Case([leaf(HOST, sub(), ca=None), sub()], [root()]),
        "leaf without usages": Case([leaf(HOST, sub(), usages=()), sub()], [root()]),
        "self-signed and trusted": Case([alone], [alone]),
        "any usage": Case(
            [leaf(HOST, sub(), usages=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), sub()],
            [root()],
        ),
        "Ed25519 root": Case([leaf(HOST, odd_key)], [odd_key]),
        "P-384 root": Case([leaf(HOST, p384, digest=hashes.SHA384())], [p384]),
        "RSA root": Case([leaf(HOST, rsa_root)], [rsa_root]),
        "small RSA root": Case([leaf(HOST, _small())], [_small()]),
        "cross-signed, old root expired": _cross_signed(),
        "last second": Case([good(), sub()], [root()], at=NOW + YEAR),
        "permitted name": Case(_constrained(permitted=(x509.DNSName("example.com"),)), [root()]),
        "permitted below the dot": Case(
            _constrained(permitted=(x509.DNSName(".example.com"),)), [root()]
        ),
        "permitted network": Case(
            _constrained("192.0.2.7", permitted=(x509.IPAddress(ip_network("192.0.2.0/24")),)),
            [root()],
            host="192.0.2.7",
        ),
        "excluded names elsewhere": Case(
            _constrained(
                excluded=(
                    x509.DNSName("example.org"),
                    x509.DNSName(".proxy.example.com"),
                    x509.IPAddress(ip_network("2001:db8::/32")),
                    x509.RFC822Name("example.com"),
                    x509.UniformResourceIdentifier("example.com"),
                )
            ),
            [root()],
        ),
        "permitted mail and link": Case(
            _linked(
                "ops@mail.example.com",
                "https://www.example.com:8443/x",
                permitted=(
                    x509.RFC822Name(".example.com"),
                    x509.UniformResourceIdentifier("example.com"),
                ),
            ),
            [root()],
        ),
        "permitted mailbox": Case(
            _linked("ops@Example.COM", "", permitted=(x509.RFC822Name("ops@example.com"),)),
            [root()],
        ),
        "RSA-PSS": Case([_pss(), _pss_root()], [_pss_root()]),
        "version 1 root": Case([leaf(HOST, _first_version())], [_first_version()]),
        "path length just enough": Case([leaf(HOST, _limited(0)), _limited(0)], [root()]),
    }


def _wrong_key_id() -> Entity:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    extra = ((x509.AuthorityKeyIdentifier.from_issuer_public_key(other), False),)
    return leaf(HOST, sub(), key_ids=False, extra=extra)


def _cross_signed() -> Case:
    """The intermediate has two certificates: one from an expired root, one from a good one."""
    old = authority("Old Root", **LONG_AGO)
    key = ec.generate_private_key(ec.SECP256R1())
    by_old = authority("Cross CA", old, key=key)
    by_new = authority("Cross CA", root(), key=key)
    return Case([leaf(HOST, by_old), by_old, by_new], [old, root()])


@cache
def _limited(length: int) -> Entity:
    return authority("Limited CA", root(), path_length=length)


def _constrained(address: str = "", dns: str = HOST, **constraints: Any) -> list[Entity]:
    middle = authority("Bounded CA", root(), **constraints)
    addresses = (address,) if address else ()
    return [leaf(HOST, middle, addresses=addresses, dns=() if address else (dns,)), middle]


def _linked(mail: str, link: str, **constraints: Any) -> list[Entity]:
    """A leaf whose names include a mailbox or a link, below a constrained authority."""
    names: list[x509.GeneralName] = [x509.DNSName(HOST)]
    names += [x509.RFC822Name(mail)] if mail else []
    names += [x509.UniformResourceIdentifier(link)] if link else []
    middle = authority("Bounded CA", root(), **constraints)
    return [
        leaf(HOST, middle, dns=(), extra=((x509.SubjectAlternativeName(names), False),)),
        middle,
    ]


@cache
def _pss_root() -> Entity:
    return authority("PSS Root", key=rsa.generate_private_key(65537, 2048))


@cache
def _pss() -> Entity:
    """A leaf signed with RSASSA-PSS."""
    made = leaf(HOST, _pss_root())
    old = made.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(old.serial_number)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return Entity(builder.sign(_pss_root().key, hashes.SHA256(), rsa_padding=scheme), made.key)


@cache
def _first_version() -> Entity:
    """A root of the time before extensions, signed anew."""
    made = authority("Old Root")
    tbs = made.certificate.tbs_certificate_bytes
    # Between the version, which comes first, and the extensions, which come last.
    head = 4 if tbs[1] == 0x82 else 3
    body = tbs[head + 5 : tbs.rindex(_spki(made)) + len(_spki(made))]
    content = _tlv(0x30, body)
    signature = made.key.sign(content, ec.ECDSA(hashes.SHA256()))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    der = _tlv(0x30, content + algorithm + _tlv(0x03, b"\0" + signature))
    return Entity(x509.load_der_x509_certificate(der), made.key)


def _spki(entity: Entity) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    spki: bytes = entity.key.public_key().public_bytes(serialization.Encoding.DER, form)
    return spki


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + size.to_bytes(width, "big") + content


@cache
def _mixed() -> tuple[Entity, Entity]:
    """Two authorities of one name, with keys of different kinds; the second is what is sent."""
    return (
        authority("Mixed CA", root()),
        authority("Mixed CA", root(), key=rsa.generate_private_key(65537, 2048)),
    )


def _refused() -> dict[str, Case]:
    unknown, expired = ProblemKind.UNKNOWN_AUTHORITY, ProblemKind.EXPIRED
    client = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    own = leaf(HOST, None, key_ids=False)
    boxed = leaf(HOST, stranger())
    old_sub = authority("Sub CA", root(), **LONG_AGO)
    old_root = authority("Past Root", **LONG_AGO)
    namesake = authority("Root CA", subject=name("Root CA", "Example Trust"))
    weak = authority("SHA-1 CA", root())
    return {
        "missing intermediate": Case([good()], [root()], unknown, "missing_issuer"),
        "missing upper intermediate": Case(
            [leaf(HOST, _deep()), _deep()], [root()], unknown, "missing_issuer"
        ),
        "untrusted root sent": Case([boxed, stranger()], [root()], unknown, "root_sent_untrusted"),
        "untrusted root not sent": Case([boxed], [root()], unknown, "missing_issuer"),
        "no roots at all": Case([good(), sub(), root()], [], unknown, "root_sent_untrusted"),
        "self-signed": Case([own], [root()], unknown, "self_signed_leaf"),
        "self-signed CA": Case([leaf(HOST, None, ca=True)], [root()], unknown, "self_signed_leaf"),
        "root of the same name, other key": Case(
            [good(), sub()], [namesake], unknown, "issuer_refused"
        ),
        "expired leaf": Case([leaf(HOST, sub(), **LONG_AGO), sub()], [root()], expired),
        "expired a second ago": Case(
            [good(), sub()], [root()], expired, at=NOW + YEAR + timedelta(seconds=1)
        ),
        "leaf not yet valid": Case(
            [leaf(HOST, sub(), **TO_COME), sub()], [root()], ProblemKind.NOT_YET_VALID
        ),
        "expired intermediate": Case([leaf(HOST, old_sub), old_sub], [root()], expired),
        "expired root": Case([leaf(HOST, old_root)], [old_root], expired),
        "expired and of another name": Case(
            [leaf("other.example.com", sub(), **LONG_AGO), sub()],
            [root()],
            expired,
            others=(ProblemKind.NAME_MISMATCH,),
        ),
        "everything at once": Case(
            [leaf("other.example.com", stranger(), **LONG_AGO)],
            [root()],
            expired,
            others=(ProblemKind.NAME_MISMATCH, unknown),
        ),
        "other name": Case(
            [leaf("other.example.com", sub()), sub()], [root()], ProblemKind.NAME_MISMATCH
        ),
        "many names": Case(
            [leaf("x", sub(), dns=tuple(f"h{n}.example.com" for n in range(120))), sub()],
            [root()],
            ProblemKind.NAME_MISMATCH,
        ),
        "wildcard two labels down": Case(
            [leaf("*.com", sub()), sub()], [root()], ProblemKind.NAME_MISMATCH
        ),
        "wildcard above": Case(
            [leaf("*.proxy.example.com", sub()), sub()], [root()], ProblemKind.NAME_MISMATCH
        ),
        "half a wildcard": Case(
            [leaf("p*.example.com", sub()), sub()], [root()], ProblemKind.NAME_MISMATCH
        ),
        "common name only": Case([_unnamed(), sub()], [root()], ProblemKind.LEGACY_COMMON_NAME),
        "no name at all": Case(
            [_unnamed(subject=name("nobody")), sub()], [root()], ProblemKind.NAME_MISMATCH
        ),
        "address without addresses": Case(
            [good(), sub()], [root()], ProblemKind.NAME_MISMATCH, host="192.0.2.7"
        ),
        "address as a name": Case(
            [leaf("192.0.2.7", sub()), sub()],
            [root()],
            ProblemKind.NAME_MISMATCH,
            host="192.0.2.7",
        ),
        "another address": Case(
            [leaf("x", sub(), addresses=("192.0.2.8",)), sub()],
            [root()],
            ProblemKind.NAME_MISMATCH,
            host="192.0.2.7",
        ),
        "client certificate": Case(
            [leaf(HOST, sub(), usages=client), sub()], [root()], ProblemKind.INCOMPATIBLE_USAGE
        ),
        "intermediate for clients": Case(
            [leaf(HOST, _for_clients()), _for_clients()], [root()], ProblemKind.INCOMPATIBLE_USAGE
        ),
        "not a CA above": Case(
            [leaf(HOST, good()), good(), sub()], [root()], unknown, "issuer_refused"
        ),
        "CA that may not sign": Case(
            [leaf(HOST, _mute()), _mute()], [root()], unknown, "issuer_refused"
        ),
        "path too long": Case(
            [leaf(HOST, _below_limited()), _below_limited(), _limited(0)],
            [root()],
            ProblemKind.PATH_TOO_LONG,
        ),
        "name outside": Case(
            _constrained(permitted=(x509.DNSName("example.org"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "name excluded": Case(
            _constrained(excluded=(x509.DNSName("example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "dot excludes the name itself from what is permitted": Case(
            _constrained(permitted=(x509.DNSName(".proxy.example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "address outside": Case(
            _constrained("192.0.2.7", permitted=(x509.IPAddress(ip_network("198.51.100.0/24")),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
            host="192.0.2.7",
        ),
        "address excluded": Case(
            _constrained("192.0.2.7", excluded=(x509.IPAddress(ip_network("192.0.2.0/25")),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
            host="192.0.2.7",
        ),
        "wildcard that covers an excluded name": Case(
            _constrained(dns="*.example.com", excluded=(x509.DNSName("secret.example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "mail outside": Case(
            _linked("ops@example.org", "", permitted=(x509.RFC822Name("example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "mailbox excluded": Case(
            _linked("ops@example.com", "", excluded=(x509.RFC822Name("ops@example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "link excluded": Case(
            _linked(
                "",
                "https://www.example.com/",
                excluded=(x509.UniformResourceIdentifier(".example.com"),),
            ),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "link to an address": Case(
            _linked(
                "",
                "https://192.0.2.1/",
                excluded=(x509.UniformResourceIdentifier("example.com"),),
            ),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "IPv6 address outside": Case(
            _constrained("2001:db8::7", permitted=(x509.IPAddress(ip_network("2001:db8:1::/48")),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
            host="2001:db8::7",
        ),
        "signed by a key of another kind": Case(
            [leaf(HOST, _mixed()[0]), _mixed()[1]], [root()], unknown, "issuer_refused"
        ),
        "unknown critical extension": Case(
            [leaf(HOST, sub(), extra=(_critical(),)), sub()],
            [root()],
            ProblemKind.UNHANDLED_CRITICAL,
        ),
        "unknown critical extension above": Case(
            [leaf(HOST, _exotic()), _exotic()], [root()], ProblemKind.UNHANDLED_CRITICAL
        ),
        "SHA-1 signature": Case(
            [leaf(HOST, _sha1()), _sha1()], [root()], unknown, "issuer_refused"
        ),
        "weak and unused": Case([leaf(HOST, weak)], [root()], unknown, "missing_issuer"),
    }


@cache
def _deep() -> Entity:
    return authority("Deep CA", sub())


@cache
def _for_clients() -> Entity:
    return authority("Client CA", root(), usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))


@cache
def _mute() -> Entity:
    return authority("Mute CA", root(), signs=False)


@cache
def _below_limited() -> Entity:
    return authority("Lower CA", _limited(0))


def _critical() -> tuple[x509.ExtensionType, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True


@cache
def _exotic() -> Entity:
    return authority("Exotic CA", root(), extra=(_critical(),))


@cache
def _sha1() -> Entity:
    return _resigned(authority("SHA-1 CA", root()), root())


def _resigned(entity: Entity, issuer: Entity) -> Entity:
    """The certificate with ECDSA-SHA1 for its algorithm: makers refuse to sign so."""
    sha256, sha1 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06072a8648ce3d0401")
    old = x509.load_der_x509_certificate(entity.der)
    tbs = _replaced(old.tbs_certificate_bytes, sha256, sha1)
    signature = issuer.key.sign(tbs, ec.ECDSA(hashes.SHA1()))
    bits = b"\x03" + bytes((len(signature) + 1, 0)) + signature
    body = tbs + b"\x30\x09" + sha1 + bits
    der = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    return Entity(x509.load_der_x509_certificate(der), entity.key)


def _replaced(tbs: bytes, old: bytes, new: bytes) -> bytes:
    """Swap the signature algorithm in a signed part whose header has two length bytes."""
    content = tbs[4:].replace(b"\x30\x0a" + old, b"\x30\x09" + new, 1)
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


@cache
def _small() -> Entity:
    return authority("Small Root", key=rsa.generate_private_key(65537, 1024))


@cache
def _cases() -> dict[str, Case]:
    return {**_accepted(), **_refused()}


def _judge(case: Case) -> Judgement:
    sent = chain([e.der for e in case.sent], (), "wire")
    return judge(sent, case.host, case.at, TrustStore(e.der for e in case.roots))


@pytest.mark.parametrize("title", _cases())
def test_the_kind_of_problem(title: str) -> None:
    case = _cases()[title]
    judgement = _judge(case)
    kinds = [p.kind for p in judgement.problems]
    assert kinds == ([] if case.first is None else [case.first, *case.others])
    assert judgement.valid == (case.first is None)
    if case.first is not None and case.detail:
        assert judgement.problems[0].detail == case.detail


def test_go_says_the_same_in_the_same_words() -> None:
    cases = _cases()
    items = [
        Item([e.der for e in c.sent], [e.der for e in c.roots], c.host, c.at)
        for c in cases.values()
    ]
    verdicts = dict(zip(cases, go_verdicts(items), strict=True))
    ours = {
        title: judgement.problems[0].text if judgement.problems else ""
        for title, judgement in ((t, _judge(c)) for t, c in cases.items())
    }
    assert ours == verdicts


def test_the_missing_issuer_is_named_with_the_place_to_get_it() -> None:
    judgement = _judge(_cases()["missing intermediate"])
    assert judgement.missing_issuer == "CN=Sub CA,O=Example Trust"
    assert judgement.missing_issuer_organization == "Example Trust"
    assert judgement.issuer_urls == (URL,)
    assert judgement.organization_trusted


def test_a_missing_issuer_of_nobody_known() -> None:
    judgement = _judge(_cases()["untrusted root not sent"])
    assert judgement.missing_issuer == "CN=Box Root"
    assert not judgement.organization_trusted


def test_the_expired_certificate_is_pointed_at() -> None:
    for title, place, subject in (
        ("expired leaf", 0, f"CN={HOST}"),
        ("expired intermediate", 1, "CN=Sub CA"),
        ("expired root", None, "CN=Past Root"),
    ):
        problem = _judge(_cases()[title]).problem(ProblemKind.EXPIRED)
        assert problem is not None and problem.certificate is not None
        assert (problem.index, problem.certificate.subject) == (place, subject)


def test_a_client_that_went_on_accepted_the_chain() -> None:
    sent = chain([leaf(HOST, stranger()).der], (), "wire")
    judgement = judge(sent, "elsewhere.example", NOW, TrustStore(()), accepted=True)
    assert judgement.valid and judgement.accepted


def test_without_a_name_only_the_rest_is_judged() -> None:
    sent = chain([good().der, sub().der], (), "wire")
    assert judge(sent, None, NOW, TrustStore([root().der])).valid


def test_a_certificate_that_go_cannot_read() -> None:
    broken = good().der[:-3]
    sent = chain([broken, sub().der], (), "wire")
    judgement = judge(sent, HOST, NOW, TrustStore([root().der]))
    assert [p.kind for p in judgement.problems] == [ProblemKind.MALFORMED]


def test_an_empty_chain_is_no_crash() -> None:
    assert judge(chain([], (), "wire"), HOST, NOW, TrustStore(())).valid


def test_rsa_keys_larger_than_go_takes() -> None:
    large = leaf(HOST, sub(), key=_large_key())
    sent = chain([large.der, sub().der], (), "wire")
    judgement = judge(sent, HOST, NOW, TrustStore([root().der]))
    assert [p.kind for p in judgement.problems] == [ProblemKind.KEY_TOO_LARGE]


class _LargeKey:
    """An RSA key that is only a number: making a real one takes a minute."""

    def public_key(self) -> rsa.RSAPublicKey:
        return rsa.RSAPublicNumbers(65537, (1 << 8999) | 1).public_key()


def _large_key() -> _LargeKey:
    return _LargeKey()


def test_many_namesakes_end_at_gos_limit() -> None:
    """Two hundred cross-signed namesakes do not make the work grow without bound."""
    keys = [authority("Twin CA") for _ in range(40)]
    twins = [
        issue(Order(name("Twin CA"), ca=True, usages=(), key=a.key), b) for a, b in pairwise(keys)
    ]
    sent = chain([leaf(HOST, keys[0]).der, *(t.der for t in twins)], (), "wire")
    judgement = judge(sent, HOST, NOW, TrustStore([root().der]))
    assert judgement.problems[0].kind in (
        ProblemKind.UNKNOWN_AUTHORITY,
        ProblemKind.SIGNATURE_LIMIT,
    )
