"""One certificate: DER in, the parts that verification needs out, refused where Go refuses it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from analyzers.pki import dn
from analyzers.pki.der import SEQUENCE, Der, Malformed
from analyzers.pki.extensions import Extensions, read_extensions
from analyzers.pki.keys import DSA, ECDSA, ED25519, ML_DSA, RSA, check_public_key, signature_kind
from captures.lazyclass import dataclass

Name = tuple[tuple[dn.Attribute, ...], ...]

_READABLE_KEYS = frozenset((RSA, ECDSA, ED25519, DSA, *ML_DSA))


@dataclass(frozen=True, slots=True, eq=False)
class X509:
    """A certificate as Go's crypto/x509 sees it."""

    der: bytes
    tbs: bytes
    """The signed part, with its header."""
    version: int
    serial: int
    signature_kind: tuple[str, str, str] | None
    signature: bytes
    issuer: bytes
    """DER: names are compared byte by byte."""
    issuer_name: Name
    subject: bytes
    subject_name: Name
    not_before: datetime
    not_after: datetime
    spki: bytes
    key_algorithm: str
    rsa_bits: int
    extensions: Extensions

    @property
    def sha256(self) -> str:
        """Fingerprint, in hex."""
        return sha256(self.der).hexdigest()

    @property
    def label(self) -> str:
        """What Go calls it in a message: common name, else organization, else serial."""
        return (
            dn.last(self.subject_name, dn.COMMON_NAME)
            or dn.first(self.subject_name, dn.ORGANIZATION)
            or f"serial:{self.serial}"
        )


def subject_of(der: bytes) -> bytes | None:
    """The subject's DER of a certificate, found without reading the rest; None: no certificate."""
    try:
        body = Der(der).inside(SEQUENCE, "").inside(SEQUENCE, "")
        body.optional(0xA0, "")
        for _serial_algorithm_issuer_validity in range(4):
            body.any("")
        return body.element(SEQUENCE, "")
    except Malformed:
        return None


def read(der: bytes) -> X509:
    """Read a certificate as Go 1.27 does; raises Malformed with its reason."""
    outside = Der(der)
    whole = outside.inside(SEQUENCE, "x509: malformed certificate")
    if not outside.empty:
        raise Malformed("x509: trailing data")
    tbs = whole.element(SEQUENCE, "x509: malformed tbs certificate")
    body = Der(tbs).inside(SEQUENCE, "x509: malformed tbs certificate")
    version = _version(body)
    serial = body.integer("x509: malformed serial number")
    if serial < 0:
        raise Malformed("x509: negative serial number")
    algorithm = body.content(SEQUENCE, "x509: malformed signature algorithm identifier")
    if whole.content(SEQUENCE, "x509: malformed algorithm identifier") != algorithm:
        raise Malformed("x509: inner and outer signature algorithm identifiers don't match")
    kind = signature_kind(*_algorithm(algorithm))
    issuer = body.element(SEQUENCE, "x509: malformed issuer")
    issuer_name = dn.attributes(issuer)
    validity = body.inside(SEQUENCE, "x509: malformed validity")
    not_before, not_after = validity.time(), validity.time()
    subject = body.element(SEQUENCE, "x509: malformed issuer")
    subject_name = dn.attributes(subject)
    spki = body.element(SEQUENCE, "x509: malformed spki")
    key_algorithm, rsa_bits = _key(spki)
    extensions = _extensions(body, version)
    signature, unused = whole.bit_string("x509: malformed signature")
    return X509(
        der,
        tbs,
        version,
        serial,
        kind,
        _right_aligned(signature, unused),
        issuer,
        issuer_name,
        subject,
        subject_name,
        not_before,
        not_after,
        spki,
        key_algorithm,
        rsa_bits,
        extensions,
    )


def _version(body: Der) -> int:
    """1 to 3; the field is absent in version 1."""
    reason = "x509: malformed version"
    field = body.optional(0xA0, reason)
    encoded = 0 if field is None else field.integer(reason)
    if encoded < 0:
        raise Malformed(reason)
    if encoded > 2:
        raise Malformed("x509: invalid version")
    return encoded + 1


def _algorithm(content: bytes) -> tuple[str, bytes]:
    """Number and parameters (with their header) of an AlgorithmIdentifier."""
    fields = Der(content)
    number = fields.oid("x509: malformed OID")
    at = fields.position
    if not fields.empty:
        fields.any("x509: malformed parameters")
    return number, content[at : fields.position]


def _key(spki: bytes) -> tuple[str, int]:
    fields = Der(spki).inside(SEQUENCE, "x509: malformed spki")
    algorithm, parameters = _algorithm(
        fields.content(SEQUENCE, "x509: malformed public key algorithm identifier")
    )
    key, unused = fields.bit_string("x509: malformed subjectPublicKey")
    if algorithm not in _READABLE_KEYS:
        return algorithm, 0
    return algorithm, check_public_key(algorithm, parameters, _right_aligned(key, unused))


def _extensions(body: Der, version: int) -> Extensions:
    if version > 1:
        for tag, what in ((0x81, "issuerUniqueID"), (0x82, "subjectUniqueID")):
            body.optional(tag, f"x509: malformed {what}")
    block = body.optional(0xA3, "x509: malformed extensions") if version == 3 else None
    return Extensions() if block is None else read_extensions(block)


def _right_aligned(bits: bytes, unused: int) -> bytes:
    """A BIT STRING's bytes shifted so that its unused bits come first (asn1.RightAlign)."""
    if not unused:
        return bits
    return (int.from_bytes(bits, "big") >> unused).to_bytes(len(bits), "big")
