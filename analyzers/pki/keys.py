"""Public keys and signatures of certificates, checked as Go's CheckSignatureFrom does.

The `cryptography` package does the arithmetic; it is imported only when a signature is checked.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from analyzers.pki.der import NULL, SEQUENCE, Der, Malformed

if TYPE_CHECKING:
    from analyzers.pki.x509 import X509

RSA, ECDSA, ED25519, DSA = (
    "1.2.840.113549.1.1.1",
    "1.2.840.10045.2.1",
    "1.3.101.112",
    "1.2.840.10040.4.1",
)
ML_DSA = tuple(f"2.16.840.1.101.3.4.3.{n}" for n in (17, 18, 19))
_CURVES = {"1.3.132.0.33": 57, "1.2.840.10045.3.1.7": 65, "1.3.132.0.34": 97, "1.3.132.0.35": 133}
"""P-224, P-256, P-384, P-521, those Go knows: bytes of an uncompressed point."""

_PSS = "1.2.840.113549.1.1.10"
_SIGNATURES: dict[str, tuple[str, str, str]] = {
    "1.2.840.113549.1.1.4": ("MD5-RSA", RSA, "md5"),
    "1.2.840.113549.1.1.5": ("SHA1-RSA", RSA, "sha1"),
    "1.3.14.3.2.29": ("SHA1-RSA", RSA, "sha1"),
    "1.2.840.113549.1.1.11": ("SHA256-RSA", RSA, "sha256"),
    "1.2.840.113549.1.1.12": ("SHA384-RSA", RSA, "sha384"),
    "1.2.840.113549.1.1.13": ("SHA512-RSA", RSA, "sha512"),
    "1.2.840.10040.4.3": ("DSA-SHA1", DSA, "sha1"),
    "2.16.840.1.101.3.4.3.2": ("DSA-SHA256", DSA, "sha256"),
    "1.2.840.10045.4.1": ("ECDSA-SHA1", ECDSA, "sha1"),
    "1.2.840.10045.4.3.2": ("ECDSA-SHA256", ECDSA, "sha256"),
    "1.2.840.10045.4.3.3": ("ECDSA-SHA384", ECDSA, "sha384"),
    "1.2.840.10045.4.3.4": ("ECDSA-SHA512", ECDSA, "sha512"),
    ED25519: ("Ed25519", ED25519, ""),
    **{
        number: (f"ML-DSA-{bits}", number, "")
        for number, bits in zip(ML_DSA, (44, 65, 87), strict=True)
    },
}
"""Go's name, the key it needs and its hash, by signature algorithm (crypto/x509/x509.go)."""

_UNSUPPORTED = "x509: cannot verify signature: algorithm unimplemented"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": ("sha256", 32),
    "2.16.840.1.101.3.4.2.2": ("sha384", 48),
    "2.16.840.1.101.3.4.2.3": ("sha512", 64),
}
#: Go refuses to verify with smaller RSA keys since 1.24 (GODEBUG rsa1024min).
MIN_RSA_BITS = 1024
#: crypto/tls refuses certificates with larger RSA keys since 1.21 (defaultMaxRSAKeySize).
MAX_RSA_BITS = 8192


def check_public_key(algorithm: str, parameters: bytes, key: bytes) -> int:
    """Raise Malformed where Go cannot read the key; give the modulus bits of an RSA key, else 0."""
    if algorithm == RSA:
        if parameters != b"\x05\x00":
            raise Malformed("x509: RSA key missing NULL parameters")
        numbers = Der(key).inside(SEQUENCE, "x509: invalid RSA public key")
        modulus = numbers.integer("x509: invalid RSA modulus")
        exponent = numbers.integer("x509: invalid RSA public exponent")
        if modulus <= 0:
            raise Malformed("x509: RSA modulus is not a positive number")
        if not 0 < exponent < 1 << 63:
            raise Malformed("x509: RSA public exponent is not a positive number")
        return modulus.bit_length()
    if algorithm == ECDSA:
        curve = Der(parameters).oid("x509: invalid ECDSA parameters")
        if curve not in _CURVES:
            raise Malformed("x509: unsupported elliptic curve")
        if key[:1] != b"\x04" or len(key) != _CURVES[curve]:
            raise Malformed("ecdsa: invalid uncompressed public key")
    if algorithm == ED25519 and parameters:
        raise Malformed("x509: Ed25519 key encoded with illegal parameters")
    if algorithm == ED25519 and len(key) != 32:
        raise Malformed("x509: wrong Ed25519 public key size")
    if algorithm in ML_DSA and parameters:
        raise Malformed("x509: ML-DSA key encoded with illegal parameters")
    return 0


def signature_kind(algorithm: str, parameters: bytes) -> tuple[str, str, str] | None:
    """Go's name, needed key and hash of a signature algorithm; None: unknown to Go."""
    if algorithm != _PSS:
        if parameters and (algorithm == ED25519 or algorithm in ML_DSA):
            return None
        return _SIGNATURES.get(algorithm)
    try:
        return _pss_kind(parameters)
    except Malformed:
        return None


def _pss_kind(parameters: bytes) -> tuple[str, str, str] | None:
    """RSASSA-PSS (RFC 4055 3.1) is known with one hash throughout and a salt of its length."""
    fields = Der(parameters).inside(SEQUENCE, "")
    outer, mask, salt = (fields.inside(tag, "") for tag in (0xA0, 0xA1, 0xA2))
    generator = mask.inside(SEQUENCE, "")
    if generator.oid("") != "1.2.840.113549.1.1.8":
        return None
    hashes = (_hash_oid(outer.inside(SEQUENCE, "")), _hash_oid(generator.inside(SEQUENCE, "")))
    name, length = _HASHES.get(hashes[0], ("", 0))
    if not name or hashes[0] != hashes[1] or salt.integer("") != length or not fields.empty:
        return None
    return f"{name.upper()}-RSAPSS", RSA, f"pss-{name}"


def _hash_oid(algorithm: Der) -> str:
    number = algorithm.oid("")
    if not algorithm.empty and algorithm.content(NULL, ""):
        raise Malformed("")
    return number


def check_signature_from(child: X509, parent: X509) -> str | None:
    """Why Go does not accept `parent` as the signer of `child`, in its words; None: it does."""
    extensions = parent.extensions
    if parent.version == 3 and not extensions.has_basic_constraints:
        return _CANNOT_SIGN
    if extensions.has_basic_constraints and not extensions.is_ca:
        return _CANNOT_SIGN
    if extensions.key_usage and 5 not in extensions.key_usage:
        return _CANNOT_SIGN
    kind = child.signature_kind
    if kind is None or parent.key_algorithm not in (RSA, ECDSA, ED25519, DSA, *ML_DSA):
        return _UNSUPPORTED
    name, needed, digest = kind
    if digest in ("md5", "sha1"):
        return f"x509: cannot verify signature: insecure algorithm {name}"
    if needed == DSA:
        return _UNSUPPORTED
    if needed != parent.key_algorithm:
        return (
            f"x509: signature algorithm specifies an {_KEY_NAMES[needed]} public key, but have "
            f"public key of type {_GO_TYPES.get(parent.key_algorithm, 'unknown')}"
        )
    if needed == RSA and parent.rsa_bits < MIN_RSA_BITS:
        return (
            f"crypto/rsa: {parent.rsa_bits}-bit keys are insecure "
            "(see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"
        )
    return None if verifies(child, parent.spki) else _FAILURES[needed]


_CANNOT_SIGN = "x509: invalid signature: parent certificate cannot sign this kind of certificate"
_KEY_NAMES = {RSA: "RSA", ECDSA: "ECDSA", ED25519: "Ed25519", **dict.fromkeys(ML_DSA, "ML-DSA")}
_GO_TYPES = {
    RSA: "*rsa.PublicKey",
    ECDSA: "*ecdsa.PublicKey",
    ED25519: "ed25519.PublicKey",
    DSA: "*dsa.PublicKey",
    **dict.fromkeys(ML_DSA, "*mldsa.PublicKey"),
}
_FAILURES = {
    RSA: "crypto/rsa: verification error",
    ECDSA: "x509: ECDSA verification failure",
    ED25519: "x509: Ed25519 verification failure",
    **dict.fromkeys(ML_DSA, "x509: ML-DSA verification failure"),
}


def verifies(certificate: X509, spki: bytes) -> bool:
    """Tell whether the key in `spki` made the signature of `certificate`."""
    kind = certificate.signature_kind
    if kind is None:
        return False
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        # Deprecation notices about weak keys are no concern of whoever reads a capture.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _verify(spki, kind[2], certificate.signature, certificate.tbs)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, AttributeError):
        return False
    return True


def _verify(spki: bytes, digest: str, signature: bytes, signed: bytes) -> None:
    """Raise unless the signature is right."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key: Any = load_der_public_key(spki)
    algorithm = getattr(hashes, digest.removeprefix("pss-").upper(), None)
    if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
        chosen = algorithm()
        scheme: padding.AsymmetricPadding = padding.PKCS1v15()
        if digest.startswith("pss-"):
            scheme = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        key.verify(signature, signed, scheme, chosen)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
        key.verify(signature, signed, ec.ECDSA(algorithm()))
    else:
        key.verify(signature, signed)
