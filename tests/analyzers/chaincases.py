"""Chains, and what Go must say of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_network

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from analyzers.chains import ProblemKind
from tests.analyzers.authority import NOW, YEAR, Entity, authority, leaf, name
from tests.analyzers.oddcertificates import (
    HOST,
    LONG_AGO,
    TO_COME,
    below_limited,
    constrained,
    critical,
    deep,
    exotic,
    first_version,
    for_clients,
    good,
    limited,
    linked,
    mixed,
    mute,
    pss,
    pss_root,
    root,
    sha1,
    small,
    stranger,
    sub,
    unnamed,
    wrong_key_id,
)


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
def cases() -> dict[str, Case]:
    return {**_accepted(), **_refused()}


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
        "authority key id of another": Case([wrong_key_id(), sub()], [root()]),
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
        "small RSA root": Case([leaf(HOST, small())], [small()]),
        "cross-signed, old root expired": _cross_signed(),
        "last second": Case([good(), sub()], [root()], at=NOW + YEAR),
        "permitted name": Case(constrained(permitted=(x509.DNSName("example.com"),)), [root()]),
        "permitted below the dot": Case(
            constrained(permitted=(x509.DNSName(".example.com"),)), [root()]
        ),
        "permitted network": Case(
            constrained("192.0.2.7", permitted=(x509.IPAddress(ip_network("192.0.2.0/24")),)),
            [root()],
            host="192.0.2.7",
        ),
        "excluded names elsewhere": Case(
            constrained(
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
            linked(
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
            linked("ops@Example.COM", "", permitted=(x509.RFC822Name("ops@example.com"),)),
            [root()],
        ),
        "RSA-PSS": Case([pss(), pss_root()], [pss_root()]),
        "version 1 root": Case([leaf(HOST, first_version())], [first_version()]),
        "path length just enough": Case([leaf(HOST, limited(0)), limited(0)], [root()]),
    }


def _cross_signed() -> Case:
    """The intermediate has two certificates: one from an expired root, one from a good one."""
    old = authority("Old Root", **LONG_AGO)
    key = ec.generate_private_key(ec.SECP256R1())
    by_old = authority("Cross CA", old, key=key)
    by_new = authority("Cross CA", root(), key=key)
    return Case([leaf(HOST, by_old), by_old, by_new], [old, root()])


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
            [leaf(HOST, deep()), deep()], [root()], unknown, "missing_issuer"
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
        "common name only": Case([unnamed(), sub()], [root()], ProblemKind.LEGACY_COMMON_NAME),
        "no name at all": Case(
            [unnamed(subject=name("nobody")), sub()], [root()], ProblemKind.NAME_MISMATCH
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
            [leaf(HOST, for_clients()), for_clients()], [root()], ProblemKind.INCOMPATIBLE_USAGE
        ),
        "not a CA above": Case(
            [leaf(HOST, good()), good(), sub()], [root()], unknown, "issuer_refused"
        ),
        "CA that may not sign": Case(
            [leaf(HOST, mute()), mute()], [root()], unknown, "issuer_refused"
        ),
        "path too long": Case(
            [leaf(HOST, below_limited()), below_limited(), limited(0)],
            [root()],
            ProblemKind.PATH_TOO_LONG,
        ),
        "name outside": Case(
            constrained(permitted=(x509.DNSName("example.org"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "name excluded": Case(
            constrained(excluded=(x509.DNSName("example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "dot excludes the name itself from what is permitted": Case(
            constrained(permitted=(x509.DNSName(".proxy.example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "address outside": Case(
            constrained("192.0.2.7", permitted=(x509.IPAddress(ip_network("198.51.100.0/24")),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
            host="192.0.2.7",
        ),
        "address excluded": Case(
            constrained("192.0.2.7", excluded=(x509.IPAddress(ip_network("192.0.2.0/25")),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
            host="192.0.2.7",
        ),
        "wildcard that covers an excluded name": Case(
            constrained(dns="*.example.com", excluded=(x509.DNSName("secret.example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "mail outside": Case(
            linked("ops@example.org", "", permitted=(x509.RFC822Name("example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "mailbox excluded": Case(
            linked("ops@example.com", "", excluded=(x509.RFC822Name("ops@example.com"),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "link excluded": Case(
            linked(
                "",
                "https://www.example.com/",
                excluded=(x509.UniformResourceIdentifier(".example.com"),),
            ),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "link to an address": Case(
            linked(
                "",
                "https://192.0.2.1/",
                excluded=(x509.UniformResourceIdentifier("example.com"),),
            ),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
        ),
        "IPv6 address outside": Case(
            constrained("2001:db8::7", permitted=(x509.IPAddress(ip_network("2001:db8:1::/48")),)),
            [root()],
            ProblemKind.NAME_CONSTRAINED,
            host="2001:db8::7",
        ),
        "signed by a key of another kind": Case(
            [leaf(HOST, mixed()[0]), mixed()[1]], [root()], unknown, "issuer_refused"
        ),
        "unknown critical extension": Case(
            [leaf(HOST, sub(), extra=(critical(),)), sub()],
            [root()],
            ProblemKind.UNHANDLED_CRITICAL,
        ),
        "unknown critical extension above": Case(
            [leaf(HOST, exotic()), exotic()], [root()], ProblemKind.UNHANDLED_CRITICAL
        ),
        "SHA-1 signature": Case([leaf(HOST, sha1()), sha1()], [root()], unknown, "issuer_refused"),
        "weak and unused": Case([leaf(HOST, weak)], [root()], unknown, "missing_issuer"),
    }
