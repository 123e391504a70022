"""Certificates read from DER, against what the cryptography package reads, and Go's refusals."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.certificates import chain, inspection_vendor, parse
from analyzers.chains import system_roots
from analyzers.facts import Certificate
from tests.analyzers.authority import NOW, YEAR, Entity, Order, authority, issue, leaf, name
from tests.analyzers.goverifier import Item, go_verdicts


def _read(entity: Entity) -> Certificate:
    parsed = parse(entity.der)
    assert isinstance(parsed, Certificate)
    return parsed


def test_every_field_of_a_leaf() -> None:
    root = authority("Root, Inc.", subject=name("Root, Inc.", "Example Trust"))
    made = leaf(
        "a.example",
        root,
        dns=("a.example", "*.b.example"),
        addresses=("192.0.2.1", "2001:db8::1"),
        issuer_url="http://ca.example/root.der",
    )
    read = _read(made)
    assert read.der == made.der
    assert read.sha256 == made.certificate.fingerprint(hashes.SHA256()).hex()
    assert read.subject == "CN=a.example"
    assert read.issuer == "CN=Root\\, Inc.,O=Example Trust"
    assert read.serial == made.certificate.serial_number
    assert (read.not_before, read.not_after) == (NOW - YEAR, NOW + YEAR)
    assert read.dns_names == ("a.example", "*.b.example")
    assert read.ip_addresses == ("192.0.2.1", "2001:db8::1")
    assert not read.is_ca and not read.self_issued and not read.self_signed
    assert read.authority_key_id == _read(root).subject_key_id
    assert read.issuer_urls == ("http://ca.example/root.der",)
    assert read.organization == "Example Trust"


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
)
def test_self_signed_with_every_kind_of_key(key: object) -> None:
    read = _read(authority("Root", key=key))
    assert read.self_issued and read.self_signed and read.is_ca


def test_its_own_name_as_issuer_does_not_make_it_self_signed() -> None:
    other = authority("Root")
    read = _read(issue(Order(name("Root"), ca=True), other))
    assert read.self_issued and not read.self_signed


_WORDS = st.text(
    st.characters(exclude_categories=["Cs"], min_codepoint=1, max_codepoint=0x2FFF),
    min_size=1,
    max_size=20,
)


@settings(deadline=None, max_examples=60)
@given(_WORDS, _WORDS)
def test_names_are_written_as_rfc_4514_has_them(common: str, unit: str) -> None:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "5"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
    read = _read(issue(Order(subject)))
    assert read.subject == subject.rfc4514_string()


def test_the_systems_roots_are_read_as_cryptography_reads_them() -> None:
    roots = system_roots()
    if not len(roots):
        pytest.skip("needs a trust store: apt-get install ca-certificates")
    for der in roots.fingerprints.values():
        read = parse(der)
        assert isinstance(read, Certificate), read
        with warnings.catch_warnings():
            # Some roots in use have a serial number of zero.
            warnings.simplefilter("ignore")
            known = x509.load_der_x509_certificate(der)
            assert read.serial == known.serial_number
        assert read.subject == known.subject.rfc4514_string()
        assert read.issuer == known.issuer.rfc4514_string()
        assert read.not_before == known.not_valid_before_utc
        assert read.not_after == known.not_valid_after_utc
        assert inspection_vendor(read.subject) is None


def _damaged(make: Entity, old: str, new: str) -> bytes:
    """A certificate with bytes, in hex, put in place of others of the same length."""
    before, after = bytes.fromhex(old), bytes.fromhex(new)
    assert before in make.der and len(before) == len(after)
    return make.der.replace(before, after)


def _negative_serial() -> bytes:
    made = leaf("a.example", None)
    at = made.der.index(b"\xa0\x03\x02\x01\x02\x02") + 6
    der = bytearray(made.der)
    der[at + 1] |= 0x80
    return bytes(der)


def _broken() -> dict[str, tuple[bytes, str]]:
    """Certificates that Go refuses to read, with its words."""
    made = leaf("a.example", None, signs=True)
    ip = leaf("b.example", None, addresses=("192.0.2.1",), dns=())
    return {
        "nothing": (b"", "x509: malformed certificate"),
        "text": (b"-----BEGIN CERTIFICATE-----", "x509: malformed certificate"),
        "cut": (made.der[:-1], "x509: malformed certificate"),
        "more behind it": (made.der + b"\0", "x509: trailing data"),
        "negative serial": (_negative_serial(), "x509: negative serial number"),
        "version 5": (_damaged(made, "a003020102", "a003020104"), "x509: invalid version"),
        "month 13": (
            _damaged(made, b"2306".hex() + b"02120000Z".hex(), b"2313".hex() + b"02120000Z".hex()),
            "x509: malformed UTCTime",
        ),
        "key usage": (_damaged(made, "03020284", "03020984"), "x509: invalid key usage"),
        "basic constraints": (
            _damaged(made, "0603551d130101ff04023000", "0603551d130101ff04023100"),
            "x509: invalid basic constraints",
        ),
        "address of three bytes": (
            _damaged(ip, "8704c0000201", "8703c0000282"),
            "x509: cannot parse IP address of length 3",
        ),
        "unknown curve": (
            _damaged(made, "06082a8648ce3d030107", "06082a8648ce3d030108"),
            "x509: unsupported elliptic curve",
        ),
        "algorithms differ": (
            made.der.replace(
                bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d040303"), 1
            ),
            "x509: inner and outer signature algorithm identifiers don't match",
        ),
    }


def test_what_go_refuses_is_refused_in_its_words() -> None:
    cases = _broken()
    ours = {title: parse(der) for title, (der, _) in cases.items()}
    assert ours == {title: words for title, (_, words) in cases.items()}


def test_go_has_the_same_words() -> None:
    cases = _broken()
    verdicts = go_verdicts([Item([der], [], "", NOW) for der, _ in cases.values()])
    prefix = "tls: failed to parse certificate from server: "
    for (title, (der, _)), verdict in zip(cases.items(), verdicts, strict=True):
        read = parse(der)
        assert isinstance(read, str), title
        # Go's ParseCertificate finds trailing data first where there is some.
        assert verdict == prefix + read, title


def test_a_chain_says_what_it_could_not_read() -> None:
    made = leaf("a.example", None)
    read = chain([made.der, made.der[:-1]], (7,), "wire")
    assert [c.der for c in read.certificates] == [made.der]
    assert read.malformed == "x509: malformed certificate"


def test_a_chain_without_end_is_cut() -> None:
    made = leaf("a.example", None)
    assert len(chain([made.der] * 5000, (), "wire").certificates) == 64


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_damage_raises(data: st.DataObject) -> None:
    der = bytearray(_SAMPLE.der)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    read = parse(bytes(der))
    assert isinstance(read, Certificate | str)


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(parse(data), str)


_SAMPLE = authority(
    "Sample",
    dns=("a.example",),
    addresses=("192.0.2.1",),
    issuer_url="http://ca.example/x",
    permitted=(x509.DNSName("example"),),
)


def test_damage_is_judged_as_go_judges_it() -> None:
    """Every byte of a certificate changed once: what Go reads is read, what it refuses refused."""
    at = datetime(2024, 6, 1, tzinfo=UTC)
    changed: list[bytes] = []
    for place in range(len(_SAMPLE.der)):
        der = bytearray(_SAMPLE.der)
        der[place] ^= 1 << place % 8
        changed.append(bytes(der))
    verdicts = go_verdicts([Item([der], [], "", at) for der in changed])
    different = [
        (place, read, verdict)
        for place, (der, verdict) in enumerate(zip(changed, verdicts, strict=True))
        for read in [parse(der)]
        if isinstance(read, str) != verdict.startswith("tls: failed to parse")
    ]
    # A point off the curve is refused by Go as it reads the key, here when a signature is checked.
    assert [found for found in different if "point" not in found[2]] == []


@pytest.mark.parametrize(
    ("issuer", "vendor"),
    [
        ("CN=Zscaler Intermediate Root CA (zscaler.net),O=Zscaler Inc.,C=US", "Zscaler"),
        ("CN=ca.corp.goskope.com,O=Corp", "Netskope"),
        ("CN=FGT60E4Q16000000,OU=Certificate Authority,O=Fortinet", "Fortinet FortiGate"),
        ("CN=Cisco Umbrella Primary SubCA,O=Cisco", "Cisco Umbrella"),
        ("CN=Avast Web/Mail Shield Root", "Avast"),
        ("CN=mitmproxy,O=mitmproxy", "mitmproxy"),
        ("CN=ContentKeeper Appliance CA (7),O=ContentKeeper Technologies", "ContentKeeper"),
        ("CN=Corp TLS Inspection CA,O=Corp", "an inspecting proxy"),
        ("CN=R11,O=Let's Encrypt,C=US", None),
        ("CN=Cloudflare Inc ECC CA-3,O=Cloudflare\\, Inc.,C=US", None),
        ("CN=Corp Issuing CA 2,O=Corp", None),
    ],
)
def test_products_are_known_by_name(issuer: str, vendor: str | None) -> None:
    assert inspection_vendor(issuer) == vendor
