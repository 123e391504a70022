"""Which roots a chain is judged by, and chains that the session's probe fetched."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from ssl import TLSVersion

import pytest

from analyzers.chains import from_session, judge, session_roots, system_roots
from analyzers.facts import TlsHandshake
from captures.session import Chain, Roots, Session
from tests.analyzers.authority import NOW, authority, leaf, name
from tests.analyzers.talk import SERVER as ADDRESS
from tests.analyzers.tlstalk import (
    CLIENT,
    HOST,
    Dialogue,
    client_context,
    facts,
    record,
    server_context,
    wire,
)

ONE, TWO, THREE = (authority(f"Root {n}", subject=name(f"Root {n}", "Trust")) for n in "123")


def test_the_file_that_the_environment_names(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(f"# roots\n{ONE.pem}\nnonsense\n{TWO.pem}")
    roots = system_roots({"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(tmp_path / "none")})
    assert len(roots) == 2 and ONE.der in roots and TWO.der in roots
    assert roots.source == (str(bundle),)
    (found,) = roots.named(_subject(TWO.der))
    assert found.der == TWO.der
    assert roots.organizations == {"Trust"}


def _subject(der: bytes) -> bytes:
    from analyzers.pki.x509 import subject_of

    subject = subject_of(der)
    assert subject is not None
    return subject


def test_the_directory_that_the_environment_names(tmp_path: Path) -> None:
    (tmp_path / "one.pem").write_text(ONE.pem)
    (tmp_path / "link.0").symlink_to("one.pem")
    (tmp_path / "two.crt").write_text(TWO.pem)
    (tmp_path / "folder").mkdir()
    roots = system_roots({"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": str(tmp_path)})
    assert len(roots) == 2


def test_a_file_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    """Go then says no more than that the authority is unknown."""
    environment = {"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": str(tmp_path)}
    assert len(system_roots(environment)) == 0


def test_the_systems_own_bundle() -> None:
    if not len(system_roots({})):
        pytest.skip("needs a trust store: apt-get install ca-certificates")
    assert len(system_roots({})) > 50


def _roots(*, listed: tuple[bytes, ...], extra: str) -> Roots:
    digests = tuple(sha256(der).hexdigest() for der in listed)
    return Roots(source=("/bundle",), count=len(listed), sha256=digests, extra_pem=extra)


def test_a_sessions_roots_are_exactly_those_it_lists() -> None:
    session = Session(roots=_roots(listed=(ONE.der, THREE.der), extra=ONE.pem))
    roots = session_roots(session)
    assert ONE.der in roots and len(roots) == 1
    assert roots.unknown == 1


def test_a_session_without_any_root_trusts_nothing() -> None:
    assert len(session_roots(Session(roots=_roots(listed=(), extra="")))) == 0


def test_a_session_that_knows_nothing_of_roots_takes_those_here() -> None:
    assert len(session_roots(Session())) == len(system_roots())


def test_unknown_roots_are_told_with_the_judgement() -> None:
    roots = session_roots(Session(roots=_roots(listed=(THREE.der,), extra="")))
    made = leaf(HOST, THREE)
    from analyzers.certificates import chain

    judgement = judge(chain([made.der], (), "probe"), HOST, NOW, roots)
    assert judgement.unknown_roots == 1 and not judgement.valid


def _refused() -> tuple[TlsHandshake, ...]:
    """A TLS 1.3 handshake that the client ended as go does."""
    turns = Dialogue(client_context(), server_context(TLSVersion.TLSv1_3)).shake()[:2]
    return facts(wire([*turns, (CLIENT, record(20, b"\1") + record(23, bytes(19)))]).frames)


def _probe(host: str = HOST, address: str = ADDRESS, made: str = ONE.pem) -> Chain:
    return Chain(host=host, port=443, address=address, sni=host, certificates_pem=(made,))


def test_a_probed_chain_is_given_to_the_handshake_that_failed() -> None:
    session = Session(chains=(_probe(),))
    (handshake,) = from_session(session, _refused())
    assert handshake.chain is not None
    assert handshake.chain.source == "probe" and handshake.chain.frames == ()
    assert [c.der for c in handshake.chain.certificates] == [ONE.der]


def test_a_probe_of_another_name_is_not() -> None:
    session = Session(chains=(_probe("other.example.com"),))
    assert from_session(session, _refused())[0].chain is None


def test_nor_one_that_got_nothing() -> None:
    session = Session(chains=(replace(_probe(), certificates_pem=(), error="refused"),))
    assert from_session(session, _refused())[0].chain is None


def test_without_a_session_nothing_changes() -> None:
    assert from_session(None, _refused())[0].chain is None


def test_a_completed_handshake_needs_none() -> None:
    turns = Dialogue(client_context(), server_context(TLSVersion.TLSv1_3)).shake()
    (handshake,) = from_session(Session(chains=(_probe(),)), facts(wire(turns).frames))
    assert handshake.chain is None


def test_damaged_pem_is_no_crash() -> None:
    damaged = ONE.pem.replace("M", "\u20ac", 1)
    session = Session(chains=(_probe(made=damaged),), roots=Roots(extra_pem=damaged))
    from_session(session, _refused())
    session_roots(session)
