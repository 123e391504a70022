"""Make the lab's certificates: a trusted root, an intermediate, and leaves good and bad."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

_INSPECTORS = (
    ("Fortinet", "FG200ETK18903212"),
    ("Zscaler Inc.", "Zscaler Intermediate Root CA (zscaler.net)"),
    ("Palo Alto Networks", "Decryption Forward Trust CA"),
    ("{organisation}", "{organisation} TLS Inspection CA"),
    ("{organisation}", "{organisation} Secure Web Gateway CA 2"),
)
_DAY = timedelta(days=1)


class Authority:
    """A certificate with its key, able to sign others."""

    def __init__(
        self, organisation: str, name: str, issuer: Authority | None = None, depth: int | None = 1
    ) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(organisation, name)
        signer = issuer.key if issuer else self.key
        now = datetime.now(UTC)
        public = self.key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 800 * _DAY)
            .not_valid_after(now + 2000 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
            .add_extension(_ca_usage(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        )
        self.certificate: x509.Certificate = builder.sign(signer, hashes.SHA256())

    def pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Pki:
    """Every certificate a scenario can ask for by name, written into one directory."""

    def __init__(self, directory: Path, host: str, aia_host: str, organisation: str, seed: int):
        self._directory = directory
        self._host = host
        self._aia = f"http://{aia_host}/ca/intermediate.cer"
        rng = random.Random(f"pki {seed}")
        self.root = Authority(organisation, f"{organisation} Root CA")
        self.intermediate = Authority(organisation, f"{organisation} Issuing CA", self.root, 0)
        stranger = f"{rng.choice(('Nimbus', 'Helios', 'Quorum'))} Trust Services"
        self.stranger = Authority(stranger, f"{stranger} Root R1")
        self.stranger_issuer = Authority(stranger, f"{stranger} DV CA", self.stranger, 0)
        brand, name = rng.choice(_INSPECTORS)
        self.inspector = Authority(
            brand.format(organisation=organisation), name.format(organisation=organisation)
        )
        directory.mkdir(parents=True, exist_ok=True)

    def trust_file(self, extra: tuple[str, ...]) -> Path:
        """Write what the client trusts: the lab root and those asked for."""
        authorities = {"inspector": self.inspector, "stranger": self.stranger}
        pem = self.root.pem() + b"".join(authorities[name].pem() for name in extra)
        path = self._directory / "trusted.pem"
        path.write_bytes(pem)
        return path

    def intermediate_der(self) -> bytes:
        """Return what the AIA address of every leaf serves."""
        return self.intermediate.certificate.public_bytes(serialization.Encoding.DER)

    def write(self, kind: str, host: str = "") -> tuple[Path, Path]:
        """Write the chain and key of a kind of server certificate; return both paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        chain = self._chain(kind, host or self._host, key)
        stem = f"{kind}-{host or 'site'}"
        chain_path, key_path = self._directory / f"{stem}.pem", self._directory / f"{stem}.key"
        chain_path.write_bytes(chain)
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return chain_path, key_path

    def _chain(self, kind: str, host: str, key: ec.EllipticCurvePrivateKey) -> bytes:
        validity = {"expired": (-400, -2), "not_yet_valid": (3, 400), "inspected": (-1, 5)}
        days = validity.get(kind, (-30, 60))
        names = [f"www.{host}-cdn.example"] if kind == "wrong_name" else [host]
        issuer: Authority | None = self.intermediate
        sent = [self.intermediate]
        if kind == "missing_intermediate":
            sent = []
        elif kind == "untrusted_root":
            issuer, sent = self.stranger_issuer, [self.stranger_issuer, self.stranger]
        elif kind == "inspected":
            issuer, sent = self.inspector, [self.inspector]
        elif kind == "self_signed":
            issuer, sent = None, []
        elif kind == "root_signed_no_aki":
            issuer, sent = self.root, []
        leaf = self._leaf(key, names, issuer, days, with_aki=kind != "root_signed_no_aki")
        pem = leaf.public_bytes(serialization.Encoding.PEM)
        return pem + b"".join(authority.pem() for authority in sent)

    def _leaf(
        self,
        key: ec.EllipticCurvePrivateKey,
        names: list[str],
        issuer: Authority | None,
        days: tuple[int, int],
        with_aki: bool,
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        signer = issuer.key if issuer else key
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * _DAY)
            .not_valid_after(now + days[1] * _DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]),
                critical=False,
            )
        )
        if issuer is self.intermediate:
            access = x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS,
                x509.UniformResourceIdentifier(self._aia),
            )
            builder = builder.add_extension(
                x509.AuthorityInformationAccess([access]), critical=False
            )
        if issuer and with_aki:
            builder = builder.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        return builder.sign(signer, hashes.SHA256())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(organisation: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
