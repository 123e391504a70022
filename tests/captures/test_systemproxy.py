"""The proxy of the system or desktop is found where Linux keeps it, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from captures.redact import Redactor
from captures.session import SystemProxy
from captures.systemproxy import system_proxy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux has")


def _found(home: Path, login: str = "", kde: str = "", gnome: str = "") -> SystemProxy | None:
    """Lay out a home, a login file and a gsettings that says what it is told."""
    environment = {"HOME": str(home), "PATH": str(home / "bin")}
    (home / ".config").mkdir()
    (home / "bin").mkdir()
    if kde:
        (home / ".config" / "kioslaverc").write_text(kde)
    if gnome:
        tool = home / "bin" / "gsettings"
        tool.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{gnome}\nEND\n")
        tool.chmod(0o755)
    file = home / "environment"
    file.write_text(login)
    return system_proxy(Redactor({}), environment, file)


def test_kde_names_its_proxy(tmp_path: Path) -> None:
    text = "[Proxy Settings]\nProxyType=1\nhttpsProxy=http://proxy.corp.test 3128\nNoProxyFor=\n"
    expected = SystemProxy("KDE's settings", https="http://proxy.corp.test:3128")
    assert _found(tmp_path, kde=text) == expected


def test_kde_names_its_script(tmp_path: Path) -> None:
    text = "[Proxy Settings]\nProxyType=2\nProxy Config Script=http://wpad.corp.test/wpad.dat\n"
    expected = SystemProxy("KDE's settings", pac="http://wpad.corp.test/wpad.dat")
    assert _found(tmp_path, kde=text) == expected


def test_gnome_names_its_proxy(tmp_path: Path) -> None:
    text = (
        "org.gnome.system.proxy mode 'manual'\n"
        "org.gnome.system.proxy autoconfig-url ''\n"
        "org.gnome.system.proxy.https host 'proxy.corp.test'\n"
        "org.gnome.system.proxy.https port 8080"
    )
    expected = SystemProxy("GNOME's settings", https="http://proxy.corp.test:8080")
    assert _found(tmp_path, gnome=text) == expected


def test_gnome_names_its_script(tmp_path: Path) -> None:
    text = (
        "org.gnome.system.proxy mode 'auto'\n"
        "org.gnome.system.proxy autoconfig-url 'http://wpad.corp.test/proxy.pac'"
    )
    expected = SystemProxy("GNOME's settings", pac="http://wpad.corp.test/proxy.pac")
    assert _found(tmp_path, gnome=text) == expected


def test_the_login_file_names_its_proxy_without_its_password(tmp_path: Path) -> None:
    text = '# set by IT\nLANG=C\nhttps_proxy="http://me:secret@proxy.corp.test:3128"\n'
    found = _found(tmp_path, login=text)
    assert found is not None
    assert found.https == "http://proxy.corp.test:3128"
    assert found.source == str(tmp_path / "environment")


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="nothing set"),
        pytest.param({"login": "PATH=/usr/bin\n# HTTPS_PROXY=http://p:1\n"}, id="commented out"),
        pytest.param({"login": "HTTPS_PROXY=\n"}, id="empty"),
        pytest.param({"kde": "[Proxy Settings]\nProxyType=0\nhttpsProxy=http://p 1\n"}, id="off"),
        pytest.param({"kde": "ProxyType=1\n\0[[["}, id="damaged"),
        pytest.param({"gnome": "org.gnome.system.proxy mode 'none'"}, id="gnome's off"),
        pytest.param({"gnome": "No such schema"}, id="gnome has no such schema"),
        pytest.param({"gnome": "org.gnome.system.proxy mode 'man"}, id="cut short"),
    ],
)
def test_no_proxy_is_no_proxy(tmp_path: Path, settings: dict[str, str]) -> None:
    assert _found(tmp_path, **settings) is None
