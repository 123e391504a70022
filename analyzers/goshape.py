"""Whether a ClientHello has the shape that Go's crypto/tls gives it.

Read from hellos of `go list -m` (1.19.8, 1.22.10, 1.24.11, 1.27.3; plain and with GODEBUG
tlsmlkem, tlssecpmlkem, http2client, tlsrsakex, tls3des, tlssha1, fips140, cpu.aes=off) and from
crypto/tls/handshake_messages.go. Three things are Go's own and outlive its versions: the order of
the extensions, signed certificate timestamps asked for, and TLS 1.3 suites after all others.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.hello import (
    POINT_FORMATS,
    RENEGOTIATION_INFO,
    SIGNATURE_ALGORITHMS,
    SUPPORTED_GROUPS,
    Offer,
    is_grease,
)

_STATUS_REQUEST = 5
_TIMESTAMPS = 18

#: Order of the extensions up to Go 1.22 (clientHelloMsg.marshal) …
_ORDER_OLD = (0, 5, 10, 11, 35, 13, 50, 0xFF01, 23, 16, 18, 43, 44, 51, 42, 45, 57, 41)
#: … and since Go 1.23, which moved those that an encrypted hello compresses to the end.
_ORDER_NEW = (0, 11, 35, 0xFF01, 23, 18, 42, 57, 0xFE0D, 5, 10, 13, 50, 16, 43, 44, 51, 45, 41)

_ALWAYS = frozenset(
    (
        _STATUS_REQUEST,
        SUPPORTED_GROUPS,
        POINT_FORMATS,
        SIGNATURE_ALGORITHMS,
        _TIMESTAMPS,
        RENEGOTIATION_INFO,
    )
)


def is_go(offer: Offer) -> bool:
    """Tell whether Go's crypto/tls sends hellos like this one; a cut hello is judged so far."""
    if offer.compressions not in (b"\0", b"") or not offer.ciphers:
        return False
    if any(map(is_grease, (*offer.ciphers, *offer.extension_numbers))):
        return False
    if not _suites_like_go(offer):
        return False
    if offer.whole:
        return set(offer.extension_numbers) >= _ALWAYS and _extensions_in_order(offer)
    return len(offer.session_id) == 32 and _extensions_in_order(offer)


def _suites_like_go(offer: Offer) -> bool:
    """TLS 1.3 suites come last; a list of them alone is Go's only in one of its two orders."""
    modern = [suite for suite in offer.ciphers if suite >> 8 == 0x13]
    if offer.ciphers[len(offer.ciphers) - len(modern) :] != tuple(modern):
        return False
    if not modern:
        # TLS 1.2 at most: the extensions alone must tell, so they must all be there.
        return offer.whole
    return modern in (
        [0x1301, 0x1302, 0x1303],
        [0x1303, 0x1301, 0x1302],
        [0x1301, 0x1302],
    )


def _extensions_in_order(offer: Offer) -> bool:
    sent = offer.extension_numbers
    return _follows(sent, _ORDER_OLD) or _follows(sent, _ORDER_NEW)


def _follows(sent: Sequence[int], order: Sequence[int]) -> bool:
    """Every number sent is one of `order`, and they come in that order."""
    places = iter(order)
    return all(number in places for number in sent)
