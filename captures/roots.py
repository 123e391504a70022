"""The root certificates that go trusts: environment in, their fingerprints out.

Reads what crypto/x509 reads on Linux and the BSDs: the first bundle there is, and every file of
the certificate directories. On Windows and macOS go asks the system instead, and so does this.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from captures.session import Roots

#: crypto/x509/root_linux.go: the first that can be read is used.
BUNDLES = (
    *("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"),
    *("/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem"),
    *("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"),
)
#: crypto/x509/root_linux.go: all are read.
FOLDERS = ("/etc/ssl/certs", "/etc/pki/tls/certs")

#: Where distributions keep the roots they ship, apart from those an administrator added.
_SHIPPED = ("/usr/share/ca-certificates", "/usr/share/pki/ca-trust-source")

#: A trust store has about 150 roots; a file beyond this size is none.
_MAX_FILE_BYTES = 16 * 1024 * 1024
_MAX_EXTRA = 100

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END", re.ASCII)


def read_roots(environment: Mapping[str, str]) -> Roots:
    """Read the roots that a go command with this environment trusts."""
    # Here, as below: those who only ask where roots are do not wait for it.
    import ssl

    if sys.platform in {"win32", "darwin"} and not environment.get("SSL_CERT_FILE"):
        source: tuple[str, ...] = ("system",)
        trusted = _system_certificates()
    else:
        files, folders = trust_sources(environment)
        source = (*files[:1], *folders)
        trusted = [*_in_files(files[:1]), *_in_files(_files_in(folders))]
    unique = {hashlib.sha256(der).hexdigest(): der for der in trusted}
    shipped = {hashlib.sha256(der).hexdigest() for der in _shipped_certificates()}
    extra = [der for digest, der in unique.items() if shipped and digest not in shipped]
    return Roots(
        source=source,
        count=len(unique),
        sha256=tuple(unique),
        extra_pem="".join(ssl.DER_cert_to_PEM_cert(der) for der in extra[:_MAX_EXTRA]),
    )


def trust_sources(environment: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Give the readable bundles and the directories that go would look at."""
    named = environment.get("SSL_CERT_FILE")
    files = [named] if named else list(BUNDLES)
    folders = environment.get("SSL_CERT_DIR")
    readable = [path for path in files if os.access(path, os.R_OK)]
    return readable, [
        path
        for path in (folders.split(os.pathsep) if folders else FOLDERS)
        if os.path.isdir(path)  # noqa: PTH112 - does not raise
    ]


def certificates_in(text: bytes) -> Iterator[bytes]:
    """Give the DER bytes of each PEM certificate in `text`."""
    for match in _PEM.finditer(text):
        try:
            yield base64.b64decode(match.group(1))
        except binascii.Error:
            continue


def _shipped_certificates() -> list[bytes]:
    """Give the roots that came with the distribution or with certifi."""
    paths = [str(path) for folder in _SHIPPED for path in Path(folder).rglob("*") if path.is_file()]
    from importlib.util import find_spec

    spec = find_spec("certifi")
    if spec is not None and spec.origin:
        paths.append(str(Path(spec.origin).with_name("cacert.pem")))
    shipped = list(_in_files(paths))
    # Where shipped and added roots lie in one file, that file is the best there is.
    return shipped or list(_in_files([path for path in BUNDLES if os.access(path, os.R_OK)][:1]))


def _files_in(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208
        except OSError:
            continue
        yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118


def _in_files(paths: Iterable[str]) -> Iterator[bytes]:
    # Distributions link every certificate under two names.
    for path in dict.fromkeys(os.path.realpath(path) for path in paths):
        try:
            if os.path.getsize(path) <= _MAX_FILE_BYTES:  # noqa: PTH202
                yield from certificates_in(Path(path).read_bytes())
        except OSError:
            continue


def _system_certificates() -> list[bytes]:
    import ssl

    from captures.interfaces import run_text

    if sys.platform == "win32":
        return [der for der, encoding, _ in ssl.enum_certificates("ROOT") if encoding == "x509_asn"]
    keychains = "/System/Library/Keychains/SystemRootCertificates.keychain"
    listing = run_text("security", "find-certificate", "-a", "-p")
    return list(
        certificates_in(
            (listing + run_text("security", "find-certificate", "-a", "-p", keychains)).encode()
        )
    )
