"""ClientHellos: JA4 by its definition, and Go's shape told from others'."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.goshape import is_go
from analyzers.hello import (
    Offer,
    parse_client_hello,
    parse_server_hello,
    parse_sslv2_hello,
    without_grease,
)
from analyzers.ja4 import ja4
from tests.analyzers.tlstalk import block, client_hello, server_name, words

#: The example of FoxIO's JA4.md: ciphers and extensions in the order sent, less GREASE.
CIPHERS = (
    *(0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014),
    *(0x009C, 0x009D, 0x002F, 0x0035),
)
EXTENSIONS = (
    *(0x001B, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002D, 0x000D, 0x0005, 0x0023, 0x0012),
    *(0x002B, 0xFF01, 0x000B, 0x000A, 0x0015),
)
SCHEMES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)


def _example(schemes: tuple[int, ...] = SCHEMES, protocol: bytes = b"h2") -> Offer:
    contents = {
        0: server_name("example.com")[1],
        10: block(words(0x6A6A, 29, 23), 2),
        13: block(words(*schemes), 2),
        16: block(block(protocol, 1) + block(b"http/1.1", 1), 2),
        43: block(words(0x3A3A, 0x0304, 0x0303), 1),
    }
    extensions = [(0x2A2A, b""), *((n, contents.get(n, b"")) for n in EXTENSIONS)]
    offer = parse_client_hello(client_hello((0x1A1A, *CIPHERS), extensions))
    assert offer is not None and offer.whole
    return offer


def test_ja4_of_the_definitions_example() -> None:
    assert ja4(_example()) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_a_name_whose_end_is_cut_off_is_none() -> None:
    """Half a name is another name."""
    whole = client_hello(CIPHERS, [server_name("example.com")])
    for length in range(len(whole) - len("example.com"), len(whole)):
        offer = parse_client_hello(whole[:length])
        assert offer is not None and offer.sni is None
    offer = parse_client_hello(whole)
    assert offer is not None and offer.sni == "example.com"


def test_ja4_without_signature_algorithms() -> None:
    """The definition's own value: the list of extensions ends without an underscore."""
    assert ja4(_example(())).endswith("_6d807ffa2a79")


@pytest.mark.parametrize(
    ("protocol", "shown"),
    [
        (b"\xab", "ab"),
        (b"\xab\xcd", "ad"),
        (b"\x30\xab", "3b"),
        (b"\x30\x31\xab\xcd", "3d"),
        (b"\x30\xab\xcd\x31", "01"),
        (b"x", "xx"),
        (b"http/1.1", "h1"),
    ],
)
def test_ja4_of_protocol_names(protocol: bytes, shown: str) -> None:
    assert ja4(_example(protocol=protocol))[8:10] == shown


def test_ja4_of_an_empty_hello() -> None:
    offer = parse_client_hello(client_hello([], []))
    assert offer is not None
    assert ja4(offer) == "t12i000000_000000000000_000000000000"


def test_ja4_counts_no_further_than_99() -> None:
    offer = parse_client_hello(client_hello(range(1, 200), [(n, b"") for n in range(100, 230)]))
    assert offer is not None
    digest = sha256(",".join(f"{n:04x}" for n in range(1, 200)).encode()).hexdigest()[:12]
    assert ja4(offer).startswith(f"t12i999900_{digest}_")


def test_the_fields_of_a_hello() -> None:
    offer = _example()
    assert offer.sni == "example.com"
    assert offer.alpn == (b"h2", b"http/1.1")
    assert without_grease(offer.versions) == (0x0304, 0x0303)
    assert without_grease(offer.ciphers) == CIPHERS
    assert without_grease(offer.extension_numbers) == EXTENSIONS
    assert offer.signature_schemes == SCHEMES
    assert without_grease(offer.groups) == (29, 23)


#: What `go list -m` sent (see analyzers/goshape.py), by version and GODEBUG setting.
_OLD = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC009, 0xC013, 0xC00A, 0xC014)
_RSA = (0x009C, 0x009D, 0x002F, 0x0035, 0xC012, 0x000A)
_NEW = (0x1301, 0x1302, 0x1303)
_CHACHA_FIRST = (0xCCA9, 0xCCA8, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xC009, 0xC013, 0xC00A, 0xC014)
GO_HELLOS = {
    "1.19": ((*_OLD, *_RSA, *_NEW), (0, 5, 10, 11, 13, 0xFF01, 16, 18, 43, 51)),
    "1.19 by address": ((*_OLD, *_RSA, *_NEW), (5, 10, 11, 13, 0xFF01, 16, 18, 43, 51)),
    "1.22": ((*_OLD, *_RSA, *_NEW), (0, 5, 10, 11, 13, 0xFF01, 23, 16, 18, 43, 51)),
    "1.22 http2client=0": ((*_OLD, *_RSA, *_NEW), (0, 5, 10, 11, 13, 0xFF01, 23, 18, 43, 51)),
    "1.24": ((*_OLD, *_NEW), (0, 11, 0xFF01, 23, 18, 5, 10, 13, 16, 43, 51)),
    "1.24 without AES": (
        (*_CHACHA_FIRST, 0x1303, 0x1301, 0x1302),
        (0, 11, 0xFF01, 23, 18, 5, 10, 13, 16, 43, 51),
    ),
    "1.24 fips140=on": (
        (0xC02B, 0xC02F, 0xC02C, 0xC030, 0x1301, 0x1302),
        (0, 11, 0xFF01, 23, 18, 5, 10, 13, 16, 43, 51),
    ),
    "1.27": ((*_OLD, *_NEW), (0, 11, 0xFF01, 23, 18, 5, 10, 13, 50, 16, 43, 51)),
    "1.27 by address": ((*_OLD, *_NEW), (11, 0xFF01, 23, 18, 5, 10, 13, 50, 16, 43, 51)),
}

#: Hellos of others: curl 7.88 with OpenSSL 3.0, wget with GnuTLS 3.7, node 18, and Chrome 130
#: (Chrome shuffles its extensions since version 110; GREASE is 0x?A?A).
_OPENSSL = (0x1302, 0x1303, 0x1301, 0xC02C, 0xC030, 0x009F, 0xCCA9, 0xCCA8, 0xCCAA, 0xC02B)
OTHER_HELLOS = {
    "curl": (_OPENSSL, (0, 11, 10, 16, 22, 23, 49, 13, 43, 45, 51, 21)),
    "curl --tls-max 1.2": (_OPENSSL[3:], (0, 11, 10, 16, 22, 23, 13)),
    "openssl s_client": (_OPENSSL, (11, 10, 35, 22, 23, 13, 43, 45, 51)),
    "wget": (
        (0x1302, 0x1303, 0x1301, 0x1304, 0xC02C, 0xCCA9, 0xC0AD),
        (5, 10, 11, 13, 35, 51, 43, 49, 0xFF01, 0, 45, 28, 21),
    ),
    "git": (
        (0x1302, 0x1303, 0x1301, 0x1304, 0xC02C, 0xCCA9, 0xC0AD),
        (5, 10, 11, 13, 16, 22, 23, 51, 43, 0xFF01, 0, 28),
    ),
    "node": ((0x1302, 0x1303, 0x1301, 0xC02F, 0xC02B), (0, 11, 10, 35, 22, 23, 13, 43, 45, 51)),
    "Chrome": ((0x8A8A, *CIPHERS), (0x2A2A, *EXTENSIONS, 0x1A1A)),
    "Chrome, in Go's order": (
        (0x8A8A, *_OLD, *_NEW),
        (0x2A2A, 0, 11, 0xFF01, 23, 18, 5, 10, 13, 16, 43, 51),
    ),
}


def _hello(shape: tuple[tuple[int, ...], tuple[int, ...]]) -> bytes:
    return client_hello(shape[0], [(number, b"") for number in shape[1]])


@pytest.mark.parametrize("title", GO_HELLOS)
def test_go_is_known_by_its_shape(title: str) -> None:
    offer = parse_client_hello(_hello(GO_HELLOS[title]))
    assert offer is not None and is_go(offer)


@pytest.mark.parametrize("title", OTHER_HELLOS)
def test_others_are_not_taken_for_go(title: str) -> None:
    offer = parse_client_hello(_hello(OTHER_HELLOS[title]))
    assert offer is not None and not is_go(offer)


@pytest.mark.parametrize("length", [130, 160, 200])
def test_a_hello_that_is_cut_is_judged_as_far_as_it_goes(length: int) -> None:
    """A large hello comes in two segments, and the capture may hold only the first."""
    for shapes, expected in ((GO_HELLOS, True), (OTHER_HELLOS, False)):
        for shape in shapes.values():
            body = _hello(shape)
            offer = parse_client_hello(body[: min(length, len(body) - 3)])
            assert offer is not None and not offer.whole
            assert is_go(offer) is expected


def test_a_hello_without_ciphers_is_nobodys() -> None:
    offer = parse_client_hello(client_hello([], []))
    assert offer is not None and not is_go(offer)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    for offer in (parse_client_hello(data), parse_sslv2_hello(data)):
        if offer is not None:
            ja4(offer)
            is_go(offer)
            assert offer.sni is None or offer.sni.isascii()
            assert len(offer.key_share_groups) <= len(data)
    parse_server_hello(data)


@given(st.data())
def test_a_changed_hello_breaks_nothing(data: st.DataObject) -> None:
    body = bytearray(_hello(GO_HELLOS["1.27"]))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    offer = parse_client_hello(bytes(body[: data.draw(st.integers(0, len(body)))]))
    if offer is not None:
        assert len(ja4(offer)) == 36
        is_go(replace(offer))


def test_a_retry_is_known_by_its_random() -> None:
    """RFC 8446 4.1.3: the SHA-256 of "HelloRetryRequest"."""
    head = words(0x0303) + sha256(b"HelloRetryRequest").digest()
    body = head + block(b"", 1) + words(0x1301) + b"\0"
    body += block(words(43, 2, 0x0304) + words(51, 2, 24), 2)
    choice = parse_server_hello(body)
    assert choice is not None and choice.is_retry
    assert (choice.version, choice.group, choice.cipher) == (0x0304, 24, 0x1301)


@pytest.mark.parametrize("sentinel", [b"DOWNGRD\x00", b"DOWNGRD\x01"])
def test_a_downgrade_sentinel(sentinel: bytes) -> None:
    body = words(0x0303) + bytes(24) + sentinel + block(b"", 1) + words(0xC02F) + b"\0"
    choice = parse_server_hello(body)
    assert choice is not None and choice.downgrade_sentinel and not choice.is_retry
