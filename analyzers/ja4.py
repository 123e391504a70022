"""The JA4 fingerprint of a ClientHello over TCP.

As FoxIO defines it: https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md
(JA4 itself is BSD 3-Clause; the other members of JA4+ are not used here).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from analyzers.hello import ALPN, SERVER_NAME, SIGNATURE_ALGORITHMS, Offer, without_grease

_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
_NOTHING = "0" * 12


def ja4(offer: Offer) -> str:
    """Give the JA4 of a whole ClientHello."""
    ciphers = without_grease(offer.ciphers)
    extensions = without_grease(offer.extension_numbers)
    version = _VERSIONS.get(max(without_grease(offer.versions), default=0), "00")
    name = "d" if SERVER_NAME in extensions else "i"
    sizes = f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}"
    return f"t{version}{name}{sizes}{_protocol(offer)}_{_ciphers(ciphers)}_{_extensions(offer)}"


def _protocol(offer: Offer) -> str:
    """First and last character of the first ALPN value, of its hex form when not both are text."""
    first = offer.alpn[0] if offer.alpn else b""
    if not first:
        return "00"
    ends = bytes((first[0], first[-1]))
    if ends.isalnum():
        return ends.decode("ascii")
    return first.hex()[0] + first.hex()[-1]


def _ciphers(ciphers: tuple[int, ...]) -> str:
    return _digest(_hex(sorted(ciphers))) if ciphers else _NOTHING


def _extensions(offer: Offer) -> str:
    numbers = without_grease(offer.extension_numbers)
    if not numbers:
        return _NOTHING
    listed = _hex(sorted(n for n in numbers if n not in (SERVER_NAME, ALPN)))
    if SIGNATURE_ALGORITHMS not in numbers:
        return _digest(listed)
    schemes = _hex(without_grease(offer.signature_schemes))
    return _digest(f"{listed}_{schemes}" if schemes else listed)


def _hex(values: Iterable[int]) -> str:
    return ",".join(f"{value:04x}" for value in values)


def _digest(text: str) -> str:
    return sha256(text.encode("ascii")).hexdigest()[:12]
