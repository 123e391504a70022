"""Whether a certificate is valid for a host, as Go decides (VerifyHostname; RFC 6125, SAN only)."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from analyzers.pki import dn
from analyzers.pki.extensions import Address
from analyzers.pki.x509 import X509

#: Go counts the names instead of listing them from here on.
_MAX_NAMES_LISTED = 100

_LABEL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def check_host(certificate: X509, host: str) -> str | None:
    """Why the certificate is not valid for `host` (a name or an address), in Go's words."""
    address = as_address(host)
    extensions = certificate.extensions
    if address is not None:
        if address in extensions.addresses:
            return None
        return _mismatch(certificate, str(address), address)
    wanted = _lower(host)
    labels = _lower(host.removesuffix(".")).split(".")
    valid = _valid(wanted.removesuffix("."), pattern=False)
    for name in extensions.dns_names:
        if valid and _valid(name, pattern=True):
            if _matches(name, labels):
                return None
        elif name not in ("", ".") and wanted not in ("", ".") and _lower(name) == wanted:
            return None
    return _mismatch(certificate, host, None)


def relies_on_common_name(certificate: X509, host: str) -> bool:
    """It has no alternative names, and its common name would have matched."""
    common = dn.last(certificate.subject_name, dn.COMMON_NAME) or ""
    return certificate.extensions.names is None and _matches(
        common, _lower(host.removesuffix(".")).split(".")
    )


def as_address(host: str) -> Address | None:
    """An IP address, which may be in brackets; None when `host` is none."""
    if len(host) >= 3 and host[0] == "[" and host[-1] == "]":
        host = host[1:-1]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        # Go compares the bytes: a zone is dropped, a mapped address equals its IPv4 one.
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def _mismatch(certificate: X509, host: str, address: Address | None) -> str:
    if relies_on_common_name(certificate, host):
        return "x509: certificate relies on legacy Common Name field, use SANs instead"
    extensions = certificate.extensions
    names = [str(a) for a in extensions.addresses] if address else extensions.dns_names
    if address and not names:
        return (
            f"x509: cannot validate certificate for {host} because it doesn't contain any IP SANs"
        )
    if len(names) >= _MAX_NAMES_LISTED:
        kind = "IP SANs" if address else "names"
        return f"x509: certificate is valid for {len(names)} {kind}, but none matched {host}"
    listed = ", ".join(names)
    if not listed:
        return f"x509: certificate is not valid for any names, but wanted to match {host}"
    return f"x509: certificate is valid for {listed}, not {host}"


def _lower(name: str) -> str:
    """ASCII letters in lower case, others as they are (RFC 6125 6.4.1)."""
    return "".join(c.lower() if c.isascii() else c for c in name)


def _valid(host: str, pattern: bool) -> bool:
    """RFC 6125 2.2, with underscores; in a pattern the first label may be a whole wildcard."""
    if not host or host == "*":
        return False
    for index, label in enumerate(host.split(".")):
        if not label:
            return False
        if pattern and index == 0 and label == "*":
            continue
        if label[0] == "-" or not _LABEL.issuperset(label):
            return False
    return True


def _matches(pattern: str, labels: list[str]) -> bool:
    parts = _lower(pattern).split(".")
    if not pattern or len(parts) != len(labels):
        return False
    return all(
        part == label or (index == 0 and part == "*")
        for index, (part, label) in enumerate(zip(parts, labels, strict=True))
    )
