"""Certificates in code, the usual ones and those that few makers agree to make."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.analyzers.authority import NOW, YEAR, Entity, authority, leaf, name

HOST = "proxy.example.com"
URL = "http://ca.example.com/sub.der"
LONG_AGO: dict[str, Any] = {"start": NOW - 9 * YEAR, "end": NOW - YEAR}
TO_COME: dict[str, Any] = {"start": NOW + YEAR, "end": NOW + 2 * YEAR}


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


def unnamed(**changes: Any) -> Entity:
    return leaf(HOST, sub(), dns=(), **changes)


def wrong_key_id() -> Entity:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    extra = ((x509.AuthorityKeyIdentifier.from_issuer_public_key(other), False),)
    return leaf(HOST, sub(), key_ids=False, extra=extra)


@cache
def limited(length: int) -> Entity:
    return authority("Limited CA", root(), path_length=length)


def constrained(address: str = "", dns: str = HOST, **constraints: Any) -> list[Entity]:
    middle = authority("Bounded CA", root(), **constraints)
    addresses = (address,) if address else ()
    return [leaf(HOST, middle, addresses=addresses, dns=() if address else (dns,)), middle]


def linked(mail: str, link: str, **constraints: Any) -> list[Entity]:
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
def pss_root() -> Entity:
    return authority("PSS Root", key=rsa.generate_private_key(65537, 2048))


@cache
def pss() -> Entity:
    """A leaf signed with RSASSA-PSS."""
    made = leaf(HOST, pss_root())
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
    return Entity(builder.sign(pss_root().key, hashes.SHA256(), rsa_padding=scheme), made.key)


@cache
def first_version() -> Entity:
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
def mixed() -> tuple[Entity, Entity]:
    """Two authorities of one name, with keys of different kinds; the second is what is sent."""
    return (
        authority("Mixed CA", root()),
        authority("Mixed CA", root(), key=rsa.generate_private_key(65537, 2048)),
    )


@cache
def deep() -> Entity:
    return authority("Deep CA", sub())


@cache
def for_clients() -> Entity:
    return authority("Client CA", root(), usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))


@cache
def mute() -> Entity:
    return authority("Mute CA", root(), signs=False)


@cache
def below_limited() -> Entity:
    return authority("Lower CA", limited(0))


def critical() -> tuple[x509.ExtensionType, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True


@cache
def exotic() -> Entity:
    return authority("Exotic CA", root(), extra=(critical(),))


@cache
def sha1() -> Entity:
    return resigned(authority("SHA-1 CA", root()), root())


def resigned(entity: Entity, issuer: Entity) -> Entity:
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
def small() -> Entity:
    return authority("Small Root", key=rsa.generate_private_key(65537, 1024))
