"""The extensions of a certificate that decide whether Go accepts it (RFC 5280 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from analyzers.pki.der import BOOLEAN, INTEGER, OCTET_STRING, SEQUENCE, Der, Malformed
from captures.lazyclass import dataclass

Address = IPv4Address | IPv6Address

KEY_USAGE, SUBJECT_KEY_ID, AUTHORITY_KEY_ID = "2.5.29.15", "2.5.29.14", "2.5.29.35"
ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, NAME_CONSTRAINTS = "2.5.29.17", "2.5.29.19", "2.5.29.30"
EXTENDED_KEY_USAGE, AUTHORITY_INFO = "2.5.29.37", "1.3.6.1.5.5.7.1.1"
TIMESTAMPS = "1.3.6.1.4.1.11129.2.4.2"
"""Signed certificate timestamps (RFC 6962 3.3), which only public authorities put in."""

#: Read and understood by Go although nothing here needs their content: CRL distribution points,
#: certificate policies, policy mappings, policy constraints, inhibit any policy.
_UNDERSTOOD = frozenset(("2.5.29.31", "2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54"))

_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"


@dataclass(slots=True)
class Subtrees:
    """Permitted or excluded names of a name constraint, by kind."""

    dns: list[str] = field(default_factory=list)
    ip: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Address and mask."""
    email: list[str] = field(default_factory=list)
    uri: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Extensions:
    """What the extensions of one certificate say."""

    numbers: list[str] = field(default_factory=list)
    key_usage: frozenset[int] = frozenset()
    """Bits set; empty when absent."""
    has_basic_constraints: bool = False
    is_ca: bool = False
    max_path_length: int = -1
    """-1: not limited."""
    names: bytes | None = None
    """The subject alternative name extension as encoded."""
    dns_names: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    uris: list[str] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    permitted: Subtrees | None = None
    excluded: Subtrees | None = None
    usages: list[str] = field(default_factory=list)
    """Extended key usages; empty when absent."""
    subject_key_id: bytes = b""
    authority_key_id: bytes = b""
    issuer_urls: list[str] = field(default_factory=list)
    unhandled_critical: list[str] = field(default_factory=list)


def read_extensions(block: Der) -> Extensions:
    """Read the Extensions sequence; raises Malformed with Go's reason."""
    result = Extensions()
    rest = block.inside(SEQUENCE, "x509: malformed extensions")
    pending: list[tuple[str, bool, bytes]] = []
    while not rest.empty:
        one = rest.inside(SEQUENCE, "x509: malformed extension")
        number = one.oid("x509: malformed extension OID field")
        critical = one.peek(BOOLEAN) and one.boolean("x509: malformed extension critical field")
        value = one.content(OCTET_STRING, "x509: malformed extension value field")
        if number in result.numbers:
            raise Malformed(f'x509: certificate contains duplicate extension with OID "{number}"')
        result.numbers.append(number)
        pending.append((number, critical, value))
    for number, critical, value in pending:
        reader = _READERS.get(number)
        handled = reader(result, value, critical) if reader else number in _UNDERSTOOD
        if critical and not handled:
            result.unhandled_critical.append(number)
    return result


def _key_usage(out: Extensions, value: bytes, critical: bool) -> bool:
    bits, unused = Der(value).bit_string("x509: invalid key usage")
    count = min(len(bits) * 8 - unused, 9)
    out.key_usage = frozenset(i for i in range(count) if bits[i // 8] >> (7 - i % 8) & 1)
    return True


def _basic_constraints(out: Extensions, value: bytes, critical: bool) -> bool:
    reason = "x509: invalid basic constraints"
    content = Der(value).inside(SEQUENCE, reason)
    out.is_ca = content.peek(BOOLEAN) and content.boolean(reason)
    if content.peek(INTEGER):
        out.max_path_length = content.integer(reason)
        if not 0 <= out.max_path_length < 1 << 63:
            raise Malformed(reason)
    out.has_basic_constraints = True
    return True


def _alternative_names(out: Extensions, value: bytes, critical: bool) -> bool:
    out.names = value
    names = Der(value).inside(SEQUENCE, "x509: invalid subject alternative names")
    while not names.empty:
        tag, data = names.any("x509: invalid subject alternative name")
        match tag ^ 0x80:
            case 1:
                out.emails.append(_ascii(data, "x509: SAN rfc822Name is malformed"))
            case 2:
                out.dns_names.append(_ascii(data, "x509: SAN dNSName is malformed"))
            case 6:
                reason = "x509: SAN uniformResourceIdentifier is malformed"
                out.uris.append(_uri(_ascii(data, reason)))
            case 7:
                out.addresses.append(_address(data))
    return bool(out.dns_names or out.emails or out.uris or out.addresses)


def _ascii(data: bytes, reason: str) -> str:
    if not data.isascii():
        raise Malformed(reason)
    return data.decode("ascii")


def _uri(text: str) -> str:
    try:
        host = urlsplit(text).netloc.rpartition("@")[2]
    except ValueError as error:
        raise Malformed(f'x509: cannot parse URI "{text}": {error}') from error
    if host and not domain_valid(host, constraint=False):
        raise Malformed(f'x509: cannot parse URI "{text}": invalid domain')
    return text


def _address(data: bytes) -> Address:
    if len(data) == 4:
        return IPv4Address(data)
    if len(data) != 16:
        raise Malformed(f"x509: cannot parse IP address of length {len(data)}")
    address = IPv6Address(data)
    if address.ipv4_mapped is not None:
        raise Malformed("x509: SAN iPAddress contains IPv4-mapped IPv6 address")
    return address


def domain_valid(name: str, constraint: bool) -> bool:
    """Tell whether Go takes `name` for a domain in an alternative name or a constraint."""
    if not name:
        return True
    if name.endswith("."):
        return False
    if constraint and name.startswith("."):
        name = name[1:]
    return all(label and all(33 <= ord(c) <= 126 for c in label) for label in name.split("."))


def _name_constraints(out: Extensions, value: bytes, critical: bool) -> bool:
    reason = "x509: invalid NameConstraints extension"
    outer = Der(value)
    content = outer.inside(SEQUENCE, reason)
    permitted, excluded = content.optional(0xA0, reason), content.optional(0xA1, reason)
    if not outer.empty or not content.empty:
        raise Malformed(reason)
    if (permitted is None or permitted.empty) and (excluded is None or excluded.empty):
        raise Malformed("x509: empty name constraints extension")
    handled = True
    out.permitted, out.excluded = Subtrees(), Subtrees()
    for block, trees in ((permitted, out.permitted), (excluded, out.excluded)):
        while block is not None and not block.empty:
            tag, data = block.inside(SEQUENCE, reason).any(reason)
            handled = _subtree(trees, tag, data) and handled
    return handled


def _subtree(trees: Subtrees, tag: int, data: bytes) -> bool:
    if tag == 0x87:
        trees.ip.append(_network(data))
        return True
    kinds = {0x82: ("dnsName", trees.dns), 0x81: ("rfc822Name", trees.email)}
    kind, into = kinds.get(tag, ("URI", trees.uri))
    if tag not in (*kinds, 0x86):
        return False
    text = _ascii(data, "x509: invalid constraint value")
    mailbox = kind == "rfc822Name" and "@" in text
    if not mailbox and not domain_valid(text, constraint=True):
        raise Malformed(f'x509: failed to parse {kind} constraint "{text}"')
    into.append(text)
    return True


def _network(data: bytes) -> tuple[bytes, bytes]:
    if len(data) not in (8, 32):
        raise Malformed(f"x509: IP constraint contained value of length {len(data)}")
    half = len(data) // 2
    address, mask = data[:half], data[half:]
    inverted = int.from_bytes(mask, "big") ^ (1 << 8 * half) - 1
    if inverted & inverted + 1:
        raise Malformed(f"x509: IP constraint contained invalid mask {mask.hex()}")
    if half == 16 and IPv6Address(address).ipv4_mapped is not None:
        raise Malformed("x509: IP constraint contained IPv4-mapped IPv6 address")
    return address, mask


def _extended_key_usage(out: Extensions, value: bytes, critical: bool) -> bool:
    reason = "x509: invalid extended key usages"
    usages = Der(value).inside(SEQUENCE, reason)
    while not usages.empty:
        out.usages.append(usages.oid(reason))
    return True


def _subject_key_id(out: Extensions, value: bytes, critical: bool) -> bool:
    if critical:
        raise Malformed("x509: subject key identifier incorrectly marked critical")
    out.subject_key_id = Der(value).content(OCTET_STRING, "x509: invalid subject key identifier")
    return True


def _authority_key_id(out: Extensions, value: bytes, critical: bool) -> bool:
    if critical:
        raise Malformed("x509: authority key identifier incorrectly marked critical")
    reason = "x509: invalid authority key identifier"
    content = Der(value).inside(SEQUENCE, reason)
    if content.peek(0x80):
        out.authority_key_id = content.content(0x80, reason)
    return True


def _authority_info(out: Extensions, value: bytes, critical: bool) -> bool:
    if critical:
        raise Malformed("x509: authority info access incorrectly marked critical")
    reason = "x509: invalid authority info access"
    entries = Der(value).inside(SEQUENCE, reason)
    while not entries.empty:
        entry = entries.inside(SEQUENCE, reason)
        method = entry.oid(reason)
        if entry.peek(0x86):
            url = entry.content(0x86, reason)
            if method == _CA_ISSUERS:
                out.issuer_urls.append(url.decode("ascii", "backslashreplace"))
    return True


_READERS: dict[str, Callable[[Extensions, bytes, bool], bool]] = {
    KEY_USAGE: _key_usage,
    BASIC_CONSTRAINTS: _basic_constraints,
    ALTERNATIVE_NAMES: _alternative_names,
    NAME_CONSTRAINTS: _name_constraints,
    EXTENDED_KEY_USAGE: _extended_key_usage,
    SUBJECT_KEY_ID: _subject_key_id,
    AUTHORITY_KEY_ID: _authority_key_id,
    AUTHORITY_INFO: _authority_info,
}
"""Each gives whether Go handles it: an unhandled critical extension condemns a certificate."""
