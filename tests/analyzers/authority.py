"""Certificates made for a test: authorities, leaves, and every kind of mistake in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)

Name = x509.Name


@dataclass(frozen=True)
class Entity:
    """A certificate and the key that it certifies."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        """The certificate as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key as text."""
        pem: bytes = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return pem.decode()


def name(common: str, organization: str | None = None) -> Name:
    """A subject."""
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass(frozen=True)
class Order:
    """What a certificate is to say; the defaults make a leaf that Go accepts."""

    subject: Name
    dns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ca: bool | None = False
    """None: no basic constraints."""
    path_length: int | None = None
    start: datetime = NOW - YEAR
    end: datetime = NOW + YEAR
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.SERVER_AUTH,)
    key_ids: bool = True
    issuer_url: str | None = None
    permitted: tuple[x509.GeneralName, ...] = ()
    excluded: tuple[x509.GeneralName, ...] = ()
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    key: Any = None
    signs: bool | None = None
    """keyUsage with or without keyCertSign; None: no keyUsage."""
    digest: Any = None
    """Hash of the signature; None: SHA-256."""


def issue(order: Order, issuer: Entity | None = None, named: Name | None = None) -> Entity:
    """Make a certificate, self-signed without an issuer; `named` replaces the issuer's name."""
    key = order.key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    issuer_name = named or (issuer.certificate.subject if issuer else order.subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(order.subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(order.start)
        .not_valid_after(order.end)
    )
    for extension, critical in _extensions(order, key.public_key(), signer.public_key()):
        builder = builder.add_extension(extension, critical)
    digest = None if _has_own_digest(signer) else order.digest or hashes.SHA256()
    return Entity(builder.sign(signer, digest), key)


def authority(common: str, issuer: Entity | None = None, **changes: Any) -> Entity:
    """A CA certificate."""
    order = Order(name(common), ca=True, usages=(), signs=True, end=NOW + 5 * YEAR)
    return issue(replace(order, **changes), issuer)


def leaf(host: str, issuer: Entity | None, **changes: Any) -> Entity:
    """A server certificate."""
    order = Order(name(host), dns=(host,))
    return issue(replace(order, **changes), issuer)


def _has_own_digest(key: Any) -> bool:
    return type(key).__name__.lstrip("_").lower().startswith(("ed", "mldsa"))


def _extensions(order: Order, own: Any, signer: Any) -> list[tuple[x509.ExtensionType, bool]]:
    result: list[tuple[x509.ExtensionType, bool]] = list(order.extra)
    if order.ca is not None:
        length = order.path_length if order.ca else None
        result.append((x509.BasicConstraints(order.ca, length), True))
    names: list[x509.GeneralName] = [x509.DNSName(n) for n in order.dns]
    names += [x509.IPAddress(ip_address(a)) for a in order.addresses]
    if names:
        result.append((x509.SubjectAlternativeName(names), False))
    if order.usages:
        result.append((x509.ExtendedKeyUsage(order.usages), False))
    if order.signs is not None:
        bits = [True, False, False, False, False, order.signs, False, False, False]
        result.append((x509.KeyUsage(*bits), True))
    if order.key_ids:
        result.append((x509.SubjectKeyIdentifier.from_public_key(own), False))
        result.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), False))
    if order.permitted or order.excluded:
        trees = x509.NameConstraints(order.permitted or None, order.excluded or None)
        result.append((trees, True))
    if order.issuer_url:
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier(order.issuer_url),
        )
        result.append((x509.AuthorityInformationAccess([access]), False))
    return result
