"""Certificates from DER: facts for people and rules, or Go's reason why one cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from analyzers.facts import Certificate, Chain
from analyzers.inspection import inspection_vendor
from analyzers.pki import dn
from analyzers.pki.der import Malformed
from analyzers.pki.keys import verifies
from analyzers.pki.x509 import X509, read

__all__ = ["chain", "inspection_vendor", "parse", "read_certificate"]

#: Chains sent are below 10 certificates and 20 KB; crypto/tls takes 256 KiB of them at most.
MAX_CERTIFICATES = 64


@lru_cache(maxsize=256)
def parse(der: bytes) -> Certificate | str:
    """Read one certificate; where Go refuses to, its reason in its own words instead."""
    parsed = read_certificate(der)
    return parsed if isinstance(parsed, str) else _facts(parsed)


@lru_cache(maxsize=256)
def read_certificate(der: bytes) -> X509 | str:
    """Read one certificate for verification, or give Go's reason why it cannot be read."""
    try:
        return read(der)
    except Malformed as reason:
        return str(reason)


def chain(ders: Sequence[bytes], frames: tuple[int, ...], source: str) -> Chain:
    """Read the certificates that were sent; those that cannot be read are left out and named."""
    certificates: list[Certificate] = []
    malformed: str | None = None
    for der in ders[:MAX_CERTIFICATES]:
        parsed = parse(der)
        if isinstance(parsed, Certificate):
            certificates.append(parsed)
        else:
            malformed = malformed or parsed
    return Chain(tuple(certificates), frames, source, malformed)


def _facts(x509: X509) -> Certificate:
    extensions = x509.extensions
    self_issued = x509.subject == x509.issuer
    return Certificate(
        der=x509.der,
        sha256=x509.sha256,
        subject=dn.rfc4514(x509.subject_name),
        issuer=dn.rfc4514(x509.issuer_name),
        serial=x509.serial,
        not_before=x509.not_before,
        not_after=x509.not_after,
        dns_names=tuple(extensions.dns_names),
        ip_addresses=tuple(map(str, extensions.addresses)),
        is_ca=extensions.is_ca,
        self_issued=self_issued,
        self_signed=self_issued and verifies(x509, x509.spki),
        subject_key_id=extensions.subject_key_id.hex() or None,
        authority_key_id=extensions.authority_key_id.hex() or None,
        issuer_urls=tuple(extensions.issuer_urls),
        organization=dn.first(x509.issuer_name, dn.ORGANIZATION),
    )
