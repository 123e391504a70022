"""The bytes of a ClientHello or ServerHello message, whole or cut short, turned into what they say.

Nothing here raises: a hello that is cut or malformed gives the fields that came before the damage.
"""

from __future__ import annotations

from dataclasses import field
from functools import cached_property, lru_cache
from struct import unpack

from captures.lazyclass import dataclass

#: Extension numbers (IANA "TLS ExtensionType Values").
SERVER_NAME = 0
SUPPORTED_GROUPS = 10
POINT_FORMATS = 11
SIGNATURE_ALGORITHMS = 13
ALPN = 16
SESSION_TICKET = 35
CERTIFICATE_SIGNATURE_ALGORITHMS = 50
ENCRYPTED_CLIENT_HELLO = 0xFE0D
PRE_SHARED_KEY = 41
EARLY_DATA = 42
SUPPORTED_VERSIONS = 43
KEY_SHARE = 51
RENEGOTIATION_INFO = 0xFF01

#: Random of a ServerHello that is a HelloRetryRequest (RFC 8446 4.1.3): SHA-256 of those words.
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

#: Last eight bytes of the random of a server that could have spoken more (RFC 8446 4.1.3).
DOWNGRADE_SENTINELS = (b"DOWNGRD\x01", b"DOWNGRD\x00")

#: A real hello has below 40 extensions; those after this many are not read.
MAX_EXTENSIONS = 256


def is_grease(value: int) -> bool:
    """Tell whether a 16-bit value is one of the 16 reserved by RFC 8701."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


@lru_cache(maxsize=1024)
def without_grease(values: tuple[int, ...]) -> tuple[int, ...]:
    """Leave out the values of RFC 8701."""
    return tuple(value for value in values if not is_grease(value))


class Cursor:
    """Reads fields one after another; past the end it gives what there is and turns `short`."""

    __slots__ = ("data", "position", "short")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.short = False

    def take(self, length: int) -> bytes:
        """The next `length` bytes, or fewer at the end."""
        piece = self.data[self.position : self.position + length]
        self.position += len(piece)
        self.short = self.short or len(piece) < length
        return piece

    def number(self, width: int) -> int:
        """The next big-endian number of `width` bytes; 0 when it is cut."""
        piece = self.take(width)
        return int.from_bytes(piece, "big") if len(piece) == width else 0

    def block(self, width: int) -> bytes:
        """The bytes after a length field of `width` bytes."""
        return self.take(self.number(width))

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.position


def numbers(data: bytes) -> tuple[int, ...]:
    """Read the 16-bit numbers that `data` consists of."""
    count = len(data) // 2
    return unpack(f"!{count}H", data[: 2 * count])


def _extensions(cursor: Cursor) -> tuple[tuple[int, bytes], ...]:
    """Read an extensions block: (number, content) in the order sent."""
    block = Cursor(cursor.block(2))
    found: list[tuple[int, bytes]] = []
    while block.left >= 4 and len(found) < MAX_EXTENSIONS:
        found.append((block.number(2), block.block(2)))
    return tuple(found)


def _names(data: bytes) -> tuple[bytes, ...]:
    """Read an ALPN protocol name list (RFC 7301 3.1)."""
    cursor = Cursor(Cursor(data).block(2))
    names: list[bytes] = []
    while cursor.left:
        names.append(cursor.block(1))
    return tuple(names)


def text(raw: bytes) -> str:
    """Show bytes that should be ASCII: control and other bytes as \\xNN."""
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in raw)


@dataclass(frozen=True)
class Offer:
    """A ClientHello as sent, GREASE values included."""

    legacy_version: int
    session_id: bytes = b""
    ciphers: tuple[int, ...] = ()
    compressions: bytes = b""
    extensions: tuple[tuple[int, bytes], ...] = ()
    whole: bool = True
    """Every announced byte was there."""
    known: dict[int, bytes] = field(init=False, repr=False, compare=False)
    """The first extension of each number."""

    def __post_init__(self) -> None:
        first = dict(reversed(self.extensions))
        object.__setattr__(self, "known", first)

    def _list16(self, number: int, width: int = 2) -> tuple[int, ...]:
        return numbers(Cursor(self.known.get(number, b"")).block(width))

    @cached_property
    def sni(self) -> str | None:
        """Host name asked for (RFC 6066 3), in lower case; None too where its end is cut off."""
        content = self.known.get(SERVER_NAME)
        if content is None:
            return None
        names = Cursor(Cursor(content).block(2))
        while names.left:
            kind, name = names.number(1), names.block(2)
            if names.short:
                return None
            if kind == 0 and name:
                return text(name).lower()
        return None

    @cached_property
    def alpn(self) -> tuple[bytes, ...]:
        """Protocol names offered."""
        return _names(self.known.get(ALPN, b""))

    @cached_property
    def versions(self) -> tuple[int, ...]:
        """supported_versions as sent, or the legacy version alone."""
        if SUPPORTED_VERSIONS in self.known:
            return self._list16(SUPPORTED_VERSIONS, 1)
        return (self.legacy_version,)

    @cached_property
    def groups(self) -> tuple[int, ...]:
        """supported_groups (RFC 8446 4.2.7)."""
        return self._list16(SUPPORTED_GROUPS)

    @cached_property
    def signature_schemes(self) -> tuple[int, ...]:
        """signature_algorithms (RFC 8446 4.2.3)."""
        return self._list16(SIGNATURE_ALGORITHMS)

    @cached_property
    def certificate_schemes(self) -> tuple[int, ...]:
        """signature_algorithms_cert (RFC 8446 4.2.3)."""
        return self._list16(CERTIFICATE_SIGNATURE_ALGORITHMS)

    @cached_property
    def key_share_groups(self) -> tuple[int, ...]:
        """Groups of the key shares sent (RFC 8446 4.2.8)."""
        shares = Cursor(Cursor(self.known.get(KEY_SHARE, b"")).block(2))
        found: list[int] = []
        while shares.left >= 4:
            found.append(shares.number(2))
            shares.block(2)
        return tuple(found)

    @property
    def extension_numbers(self) -> tuple[int, ...]:
        """Numbers of the extensions in the order sent."""
        return tuple(number for number, _ in self.extensions)

    @property
    def offers_session(self) -> bool:
        """A pre-shared key, a ticket that is not empty, or a pre-1.3 session id."""
        if PRE_SHARED_KEY in self.known or self.known.get(SESSION_TICKET):
            return True
        # From TLS 1.3 on, a random session id is sent for compatibility (RFC 8446 4.1.2), and
        # a client that sends an empty ticket extension has none to resume (RFC 5077 3.4).
        return bool(
            self.session_id and max(self.versions, default=0) < 0x0304 and not self._new_ticket
        )

    @property
    def _new_ticket(self) -> bool:
        return SESSION_TICKET in self.known


def parse_client_hello(body: bytes) -> Offer | None:
    """Read a ClientHello, without its 4-byte handshake header; None when too little is there."""
    if len(body) < 34:
        return None
    cursor = Cursor(body)
    version = cursor.number(2)
    cursor.take(32)
    session_id = cursor.block(1)
    ciphers = numbers(cursor.block(2))
    compressions = cursor.block(1)
    extensions = _extensions(cursor) if cursor.left else ()
    return Offer(version, session_id, ciphers, compressions, extensions, not cursor.short)


def parse_sslv2_hello(body: bytes) -> Offer | None:
    """Read a ClientHello in SSLv2 form, after its 2-byte length and its type (RFC 5246 E.2)."""
    if len(body) < 8:
        return None
    cursor = Cursor(body)
    version, ciphers_length, session_length = cursor.number(2), cursor.number(2), cursor.number(2)
    cursor.take(2)
    specs = cursor.take(ciphers_length)
    # Three bytes each; those that start with 0 are the cipher suites of SSLv3 and later.
    triples = [specs[i : i + 3] for i in range(0, len(specs) - 2, 3)]
    suites = tuple(int.from_bytes(t, "big") for t in triples if t[0] == 0)
    session_id = cursor.take(session_length)
    return Offer(version, session_id, suites, b"\0", (), not cursor.short)


@dataclass(frozen=True, slots=True)
class Choice:
    """A ServerHello as sent."""

    version: int
    """supported_versions where sent, else the legacy version."""
    random: bytes
    session_id: bytes
    cipher: int
    group: int | None
    alpn: str | None
    accepts_psk: bool

    @property
    def is_retry(self) -> bool:
        """It is a HelloRetryRequest."""
        return self.random == RETRY_RANDOM

    @property
    def downgrade_sentinel(self) -> bool:
        """The server says it would have spoken a higher version."""
        return self.random[-8:] in DOWNGRADE_SENTINELS


def parse_server_hello(body: bytes) -> Choice | None:
    """Read a ServerHello, without its 4-byte handshake header; None when it is cut early."""
    cursor = Cursor(body)
    version = cursor.number(2)
    random = cursor.take(32)
    # Drafts of TLS 1.3 before the 22nd had neither session id nor compression.
    draft = version >> 8 == 0x7F
    session_id = b"" if draft else cursor.block(1)
    cipher = cursor.number(2)
    if cursor.short:
        return None
    if not draft:
        cursor.take(1)
    extensions = dict(_extensions(cursor)) if cursor.left else {}
    if len(extensions.get(SUPPORTED_VERSIONS, b"")) == 2:
        version = int.from_bytes(extensions[SUPPORTED_VERSIONS], "big")
    share = extensions.get(KEY_SHARE, b"")
    group = int.from_bytes(share[:2], "big") if len(share) >= 2 else None
    protocols = _names(extensions.get(ALPN, b""))
    return Choice(
        version,
        random,
        session_id,
        cipher,
        group,
        text(protocols[0]) if protocols else None,
        PRE_SHARED_KEY in extensions,
    )
