"""The vocabulary of TLS facts: hellos, alerts, certificates, and where a handshake stopped."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from analyzers.facts.http import StreamAbort
from analyzers.facts.side import Side
from captures.lazyclass import dataclass

WARNING = 1
"""Level of an alert (RFC 5246 section 7.2)."""


class TlsStage(StrEnum):
    """The furthest point a handshake reached."""

    CLIENT_HELLO = "client_hello"
    """A ClientHello (whole or in part) left; no TLS record came back."""
    SERVER_HELLO = "server_hello"
    """The server answered; its flight was not seen to its end."""
    SERVER_FLIGHT = "server_flight"
    """The server's flight is complete; the client has not finished."""
    CLIENT_FINISHED = "client_finished"
    """The client sent its Finished (or what can only be it)."""
    APPLICATION_DATA = "application_data"
    """Application data went at least one way after the handshake."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the client offered; sizes in bytes."""

    frames: tuple[int, ...]
    """Frames that carried it first (retransmissions left out)."""
    time_s: float
    complete: bool
    """False when the capture holds only a part (snaplen, loss)."""
    size: int
    """TLS record(s) as announced, 5-byte record headers included."""
    sni: str | None
    alpn: tuple[str, ...]
    versions: tuple[int, ...]
    """0x0304 = TLS 1.3, 0x0303 = TLS 1.2, …; GREASE left out."""
    ciphers: tuple[int, ...]
    """By IANA number, GREASE left out."""
    groups: tuple[int, ...]
    """Key exchange groups it can do, by IANA number."""
    key_share_groups: tuple[int, ...]
    signature_schemes: tuple[int, ...]
    extensions: tuple[int, ...]
    """In the order sent, GREASE left out."""
    has_session: bool
    """pre_shared_key, or a session ticket: resumption is offered."""
    ja4: str | None
    is_go: bool
    """The shape is one that Go's crypto/tls produces (versions differ; see tls.py)."""
    certificate_schemes: tuple[int, ...] = ()
    """Signature schemes for certificates (signature_algorithms_cert), where it lists them apart."""
    key_share_bytes: int = 0
    """Size of the key_share extension: what a post-quantum share makes large."""
    early_data: bool = False
    """Application data follows before the server answers (0-RTT, RFC 8446 section 2.3)."""
    encrypted_hello: bool = False
    """It has the encrypted_client_hello extension (or imitates it): the name in clear may be that
    of the outer hello."""

    @property
    def post_quantum(self) -> bool:
        """A hybrid ML-KEM or Kyber key share is in it (it no longer fits one segment)."""
        return any(g in (0x11EB, 0x11EC, 0x11ED, 0x6399, 0x639A) for g in self.key_share_groups)


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose."""

    frame: int
    time_s: float
    version: int
    cipher: int
    group: int | None
    """Of its key share; None in TLS 1.2."""
    resumed: bool
    hello_retry: bool
    """A HelloRetryRequest came first (RFC 8446 section 4.1.4)."""
    downgrade_sentinel: bool
    alpn: str | None


@dataclass(frozen=True, slots=True)
class HelloRetry:
    """The server asked for another key share (HelloRetryRequest, RFC 8446 section 4.1.4), and the
    client's second hello."""

    frame: int
    time_s: float
    group: int | None
    """The key exchange group that the server wants."""
    hello_frames: tuple[int, ...]
    """Of the second ClientHello; none when it was not seen."""
    hello_s: float | None
    hello_size: int
    """TLS records as announced, 5-byte headers included."""
    key_share_groups: tuple[int, ...]
    """In the second ClientHello."""


@dataclass(frozen=True, slots=True)
class TlsAlert:
    """One alert record."""

    frame: int
    time_s: float
    sender: Side
    level: int | None
    description: int | None
    """IANA alert number; None when it is encrypted."""
    name: str
    """As RFC 8446 spells it ("handshake_failure"), or "encrypted"."""
    inferred: bool
    """Told from size and position (a record of 19 encrypted bytes before the end)."""


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """One X.509 certificate, with what judging it needs."""

    der: bytes
    sha256: str
    subject: str
    """RFC 4514 text."""
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    is_ca: bool
    self_issued: bool
    """Subject equals issuer."""
    self_signed: bool
    """… and its own key verifies its signature."""
    subject_key_id: str | None
    authority_key_id: str | None
    issuer_urls: tuple[str, ...]
    """caIssuers of the AIA extension: where the missing intermediate could be had."""
    organization: str | None
    """Of the issuer."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The certificates a server sent, leaf first as sent."""

    certificates: tuple[Certificate, ...]
    frames: tuple[int, ...]
    """Empty when they come from the session's own probe."""
    source: str
    """"wire" (TLS 1.2 in clear), "decrypted" or "probe"."""
    malformed: str | None
    """Why a certificate could not be parsed."""


@dataclass(frozen=True, slots=True)
class TlsHandshake:
    """One TLS handshake on one connection (after CONNECT where there is one)."""

    index: int
    stream: int
    client_hello: ClientHello | None
    """None when the capture starts after it."""
    server_hello: ServerHello | None
    chain: Chain | None
    chain_encrypted: bool
    """TLS 1.3: certificates went by that only keys could show."""
    certificate_requested: bool | None
    """None when encrypted."""
    alerts: tuple[TlsAlert, ...]
    stage: TlsStage
    server_flight_bytes: int
    """Stream bytes of the server up to the client's second flight."""
    first_server_record_s: float | None
    first_server_record_frame: int | None
    finished_s: float | None
    """When the client's Finished left."""
    finished_frame: int | None
    hello_acked_bytes: int
    """How much of the ClientHello the server's side acknowledged."""
    hello_acked_s: float | None
    """When the acknowledgement covered all of it."""
    rejected_by_client: bool
    """The client ended it on the server's complete flight: alert or close instead of Finished."""
    not_tls: str | None
    """What came back instead of TLS: a printable prefix of at most 80 characters."""
    not_tls_frame: int | None
    first_application_data_s: dict[Side, float]
    retry: HelloRetry | None = None
    server_flight_end_s: float | None = None
    """Last byte of the server's flight; None when that is not known to be complete."""
    server_flight_end_frame: int | None = None
    client_flight_bytes: int = 0
    """Stream bytes of the client after its (last) hello, from its first record that is no
    change_cipher_spec to its Finished, or to all it sent: certificates of its own make it large."""
    stopped_by: Side | None = None
    """Who ended a handshake that was not completed; None when nobody did in this capture."""
    stopped_how: str | None = None
    """"alert", "close" (FIN) or "reset" (with `stopped_by`'s address, which may be borrowed)."""
    stopped_frame: int | None = None

    @property
    def sni(self) -> str | None:
        """Name asked for in the ClientHello."""
        return self.client_hello.sni if self.client_hello else None

    @property
    def refusals(self) -> tuple[TlsAlert, ...]:
        """The alerts that may have ended it: no closing notices, and no warnings (RFC 5246 section
        7.2) before a ServerHello, such as unrecognized_name: clients drop them and go on."""
        return tuple(
            a
            for a in self.alerts
            if a.name != "close_notify" and (a.level != WARNING or self.server_hello is None)
        )

    @property
    def completed(self) -> bool:
        """Both sides could go on to application data."""
        return self.stage in (TlsStage.CLIENT_FINISHED, TlsStage.APPLICATION_DATA)


@dataclass(frozen=True, slots=True)
class Decryption:
    """What TLS secrets, from the capture or a key log, let see."""

    streams: frozenset[int] = frozenset()
    """TCP streams whose application data was read."""
    aborts: tuple[StreamAbort, ...] = ()
    """HTTP/2 resets in them."""
    unused: str | None = None
    """Why secrets that are there did not help, or not to the end; one sentence."""
