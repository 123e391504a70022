"""Name constraints over a chain, as Go applies them (RFC 5280 4.2.1.10; leading dots allowed)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from analyzers.pki.extensions import Address, Extensions, domain_valid
from analyzers.pki.x509 import X509

Name = TypeVar("Name")
Limit = TypeVar("Limit")

#: Names times constraints of one certificate beyond which checking stops; Go 1.24 stops at 250,000.
MAX_COMPARISONS = 250_000


def check_constraints(chain: Sequence[X509]) -> str | None:
    """The first name in the chain, leaf first, that a certificate above it does not permit."""
    for index, certificate in enumerate(chain):
        if certificate.extensions.names is None:
            continue
        for above in chain[index + 1 :]:
            if above.extensions.permitted is None:
                continue
            refused = _check(certificate.extensions, above.extensions)
            if refused is not None:
                return refused
    return None


def _check(names: Extensions, constraints: Extensions) -> str | None:
    permitted, excluded = constraints.permitted, constraints.excluded
    if permitted is None or excluded is None:
        return None
    given = len(names.addresses) + len(names.dns_names) + len(names.uris) + len(names.emails)
    limits = sum(len(x) for t in (permitted, excluded) for x in (t.ip, t.dns, t.uri, t.email))
    if given * limits > MAX_COMPARISONS:
        return "x509: too many name constraints"
    for address in names.addresses:
        refused = _judge(address, permitted.ip, excluded.ip, _in_network, "IP address", _network)
        if refused:
            return refused
    for name in names.dns_names:
        if not domain_valid(name, constraint=False):
            return f'x509: cannot parse dnsName "{name}"'
        refused = _judge(name, permitted.dns, excluded.dns, _in_domain, "DNS name", str)
        if refused:
            return refused
        refused = _wildcard_excluded(name, excluded.dns)
        if refused:
            return refused
    return _check_uris(names, permitted.uri, excluded.uri) or _check_emails(
        names, permitted.email, excluded.email
    )


def _judge(
    name: Name,
    permitted: Sequence[Limit],
    excluded: Sequence[Limit],
    matches: Callable[[Name, Limit], bool],
    kind: str,
    show: Callable[[Limit], str],
) -> str | None:
    if permitted and not any(matches(name, limit) for limit in permitted):
        return f'{kind} "{name}" is not permitted by any constraint'
    for limit in excluded:
        if matches(name, limit):
            return f'{kind} "{name}" is excluded by constraint "{show(limit)}"'
    return None


def _in_domain(name: str, constraint: str) -> bool:
    """A name is in itself and what is above it; in .example.com only what is below that."""
    if not constraint:
        return True
    name, constraint = name.lower(), constraint.lower()
    if constraint.startswith("."):
        return name.endswith(constraint)
    return name == constraint or name.endswith("." + constraint)


def _wildcard_excluded(name: str, excluded: Sequence[str]) -> str | None:
    """*.example.com could be any excluded name one label below example.com."""
    if not name.startswith("*"):
        return None
    suffix = name.lower().partition(".")[2]
    for constraint in excluded:
        if suffix and constraint.lower().partition(".")[2] == suffix:
            return f'DNS name "{name}" is excluded by constraint "{constraint}"'
    return None


def _in_network(address: Address, network: tuple[bytes, bytes]) -> bool:
    base, mask = network
    packed = address.packed
    if len(packed) != len(base):
        return False
    return all(a & m == b & m for a, b, m in zip(packed, base, mask, strict=True))


def _network(network: tuple[bytes, bytes]) -> str:
    base, mask = network
    return f"{ip_address(base)}/{int.from_bytes(mask, 'big').bit_count()}"


def _check_uris(names: Extensions, permitted: Sequence[str], excluded: Sequence[str]) -> str | None:
    for uri in names.uris:
        host = _host_of(uri)
        if not host:
            return f'URI with empty host ("{uri}") cannot be matched against constraints'
        if host.startswith("[") or _is_address(host.partition(":")[0]):
            return f'URI with IP ("{uri}") cannot be matched against constraints'
        refused = _judge(uri, permitted, excluded, _links_into, "URI", str)
        if refused:
            return refused
    return None


def _host_of(uri: str) -> str:
    return urlsplit(uri).netloc.rpartition("@")[2].lower()


def _links_into(uri: str, constraint: str) -> bool:
    return _in_domain(_host_of(uri).partition(":")[0], constraint)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check_emails(
    names: Extensions, permitted: Sequence[str], excluded: Sequence[str]
) -> str | None:
    for email in names.emails:
        local, at, domain = email.rpartition("@")
        if not (local and at):
            return f'cannot parse rfc822Name "{email}"'
        refused = _judge(
            f"{local}@{domain.lower()}", permitted, excluded, _in_mailboxes, "email address", str
        )
        if refused:
            return refused
    return None


def _in_mailboxes(email: str, constraint: str) -> bool:
    """A constraint with an @ is one mailbox; without, the hosts of the domain."""
    if "@" in constraint:
        local, _, domain = constraint.rpartition("@")
        return email == f"{local}@{domain.lower()}"
    return _in_domain(email.rpartition("@")[2], constraint)
