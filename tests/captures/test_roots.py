"""`captures.roots`: the roots go would trust, and which of them are not the distribution's."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures import roots
from captures.roots import certificates_in, read_roots, trust_sources


def pem(der: bytes) -> str:
    return ssl.DER_cert_to_PEM_cert(der)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution that ships one root."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "a.crt").write_text(pem(b"public"))
    monkeypatch.setattr(roots, "_SHIPPED", (str(folder),))
    monkeypatch.setattr(roots, "FOLDERS", ())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("sys.platform", "linux")
    return folder


@pytest.mark.usefixtures("shipped")
def test_roots_of_the_user_are_kept_whole(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("# text\n" + pem(b"public") + pem(b"private") + pem(b"private"))
    found = read_roots({"SSL_CERT_FILE": str(bundle)})
    assert found.source == (str(bundle),)
    assert found.count == 2
    assert found.sha256 == tuple(hashlib.sha256(der).hexdigest() for der in (b"public", b"private"))
    assert found.extra_pem == pem(b"private")


def test_directories_are_read_besides(shipped: Path, tmp_path: Path) -> None:
    (shipped / "b.crt").symlink_to(shipped / "a.crt")
    found = read_roots({"SSL_CERT_FILE": str(tmp_path / "none"), "SSL_CERT_DIR": str(shipped)})
    assert found.source == (str(shipped),)
    assert found.count == 1
    assert found.extra_pem == ""


def test_the_first_bundle_there_is_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b").touch()
    monkeypatch.setattr(roots, "BUNDLES", (str(tmp_path / "a"), str(tmp_path / "b")))
    monkeypatch.setattr(roots, "FOLDERS", (str(tmp_path), str(tmp_path / "x")))
    assert trust_sources({}) == ([str(tmp_path / "b")], [str(tmp_path)])


@given(st.binary(max_size=100))
def test_no_file_is_too_strange(data: bytes) -> None:
    list(certificates_in(b"-----BEGIN CERTIFICATE-----" + data + b"-----END CERTIFICATE-----"))
