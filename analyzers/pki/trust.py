"""Root certificates: PEM files in, a pool indexed by subject out; a root is read when asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path

from analyzers.pki import dn
from analyzers.pki.der import Malformed
from analyzers.pki.x509 import X509, read, subject_of
from captures.roots import certificates_in, trust_sources

#: Distributions ship about 150 roots in 250 KB.
MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_FILES = 4096


class TrustStore:
    """Root certificates that a client trusts."""

    def __init__(
        self, ders: Iterable[bytes], source: tuple[str, ...] = (), unknown: int = 0
    ) -> None:
        """Take DER certificates; `unknown` counts trusted roots that are not at hand here."""
        self.source = source
        self.unknown = unknown
        self._ders = frozenset(ders)

    def __len__(self) -> int:
        return len(self._ders)

    def __contains__(self, der: bytes) -> bool:
        return der in self._ders

    def named(self, subject: bytes) -> tuple[X509, ...]:
        """The roots with this subject (DER)."""
        found: list[X509] = []
        for der in self._by_subject.get(subject, ()):
            try:
                found.append(read(der))
            except Malformed:
                continue
        return tuple(found)

    @cached_property
    def fingerprints(self) -> Mapping[str, bytes]:
        """SHA-256 in hex to DER."""
        return {sha256(der).hexdigest(): der for der in self._ders}

    @cached_property
    def organizations(self) -> frozenset[str]:
        """Organization names in the roots' subjects."""
        names = set()
        for subject in self._by_subject:
            try:
                names.add(dn.first(dn.attributes(subject), dn.ORGANIZATION))
            except Malformed:
                continue
        return frozenset(name for name in names if name)

    @cached_property
    def _by_subject(self) -> dict[bytes, list[bytes]]:
        index: dict[bytes, list[bytes]] = {}
        for der in self._ders:
            subject = subject_of(der)
            if subject is not None:
                index.setdefault(subject, []).append(der)
        return index


def system_roots(environment: Mapping[str, str] = os.environ) -> TrustStore:
    """The roots that go would trust here: SSL_CERT_FILE, SSL_CERT_DIR, else the system's bundle.

    Windows and macOS verify by themselves: there certifi's list stands in, when it is installed.
    """
    return _loaded(environment.get("SSL_CERT_FILE") or "", environment.get("SSL_CERT_DIR") or "")


@lru_cache(maxsize=4)
def _loaded(file: str, folder: str) -> TrustStore:
    """The roots for one setting of the two variables, read once."""
    if sys.platform in ("win32", "darwin") and not (file or folder):
        return _certifi()
    bundles, folders = trust_sources({"SSL_CERT_FILE": file, "SSL_CERT_DIR": folder})
    source = (*bundles[:1], *folders)
    # Distributions link every certificate of the directory under two names.
    paths = {path.resolve() for path in (*map(Path, bundles[:1]), *_entries(folders))}
    return TrustStore((der for path in paths for der in certificates_in(_read(path))), source)


def _certifi() -> TrustStore:
    from importlib.resources import files

    try:
        bundle = str(files("certifi") / "cacert.pem")
    except ImportError:
        return TrustStore(())
    return TrustStore(certificates_in(_read(Path(bundle))), (bundle,))


def _entries(folders: Iterable[str]) -> Iterator[Path]:
    """The files of the directories."""
    for folder in folders:
        try:
            yield from islice(Path(folder).iterdir(), MAX_FILES)
        except OSError:
            continue


def _read(path: Path) -> bytes:
    """A regular file of sensible size; nothing when it is not there or not readable."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return b""
        return path.read_bytes()
    except OSError:
        return b""
