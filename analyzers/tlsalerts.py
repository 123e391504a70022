"""Alerts: those in clear, and those told from the size and place of an encrypted record."""

from __future__ import annotations

from analyzers.facts import Side, TlsAlert
from analyzers.tlsrecords import ALERT, APPLICATION_DATA, HEADER, Record, Stream

#: IANA "TLS Alerts".
NAMES = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    52: "too_many_cids_requested",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    117: "general_error",
    120: "no_application_protocol",
    121: "ech_required",
}

CLOSE_NOTIFY, ENCRYPTED = "close_notify", "encrypted"

_CCM_8 = 0x1305

#: Payload of an encrypted alert up to TLS 1.2: ChaCha20, CCM-8 and GCM, CBC with its MACs.
_CLASSIC_SIZES = (18, 20, 22, 24, 26, 32, 40, 48, 64, 80)
_CLEAR_LENGTH = 2


def alert_size(cipher: int) -> int:
    """Payload bytes of a TLS 1.3 record with an alert: 2, its type, and the tag (RFC 8446 5.2)."""
    return _CLEAR_LENGTH + 1 + tag_size(cipher)


def finished_size(cipher: int) -> int:
    """Payload bytes of a TLS 1.3 record with a Finished alone (RFC 8446 4.4.4)."""
    return 4 + (48 if cipher == 0x1302 else 32) + 1 + tag_size(cipher)


def tag_size(cipher: int) -> int:
    """Bytes of the authentication tag of a TLS 1.3 suite."""
    return 8 if cipher == _CCM_8 else 16


def clear_alert(stream: Stream, record: Record, sender: Side) -> TlsAlert | None:
    """Read an alert record in clear; None when it is encrypted or was not captured."""
    if record.length != _CLEAR_LENGTH:
        return None
    body = stream.read(record.offset + HEADER, _CLEAR_LENGTH)
    if len(body) < _CLEAR_LENGTH or body[0] not in (1, 2):
        return None
    name = NAMES.get(body[1], str(body[1]))
    return TlsAlert(record.frame, record.time_s, sender, body[0], body[1], name, inferred=False)


def hidden_alert(record: Record, sender: Side, *, closing: bool, inferred: bool = True) -> TlsAlert:
    """An encrypted alert; `closing`: nothing but the end of a finished exchange explains it."""
    name = CLOSE_NOTIFY if closing else ENCRYPTED
    return TlsAlert(record.frame, record.time_s, sender, None, None, name, inferred or closing)


def ends_with_alert(payload: bytes, cipher: int, *, modern: bool) -> bool:
    """Tell whether the last record in a segment's payload has the size of an encrypted alert."""
    kind, sizes = (APPLICATION_DATA, (alert_size(cipher),)) if modern else (ALERT, _CLASSIC_SIZES)
    for size in sizes:
        header = payload[-size - HEADER : -size]
        if header[:2] == bytes((kind, 3)) and header[3:] == size.to_bytes(2, "big"):
            return True
    return False
