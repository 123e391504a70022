"""The proxy of the operating system or desktop, which go does not read: settings in, one or none.

Read are the registry (Windows), the system configuration (macOS), and on Linux the settings of
KDE and GNOME and /etc/environment, which reaches login sessions but neither sudo nor services.
"""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from captures.proxies import first_set
from captures.redact import Redactor
from captures.session import SystemProxy

_LOGIN_FILE = Path("/etc/environment")
#: Settings files are short; a longer one is something else.
_MAX_BYTES = 1 << 16
_PATIENCE_S = 2.0
_GSETTINGS = ("gsettings", "list-recursively", "org.gnome.system.proxy")


def system_proxy(
    redactor: Redactor, environment: Mapping[str, str], login_file: Path = _LOGIN_FILE
) -> SystemProxy | None:
    """Give the proxy of the operating system, credentials removed; None where there is none.

    `environment` tells whose desktop settings are read (HOME, XDG_CONFIG_HOME, PATH).
    """
    found = _found(environment, login_file)
    if found is None or not (found.http or found.https or found.pac):
        return None
    return SystemProxy(
        found.source,
        redactor.proxy(found.http),
        redactor.proxy(found.https),
        redactor.proxy(found.pac),
    )


def _found(environment: Mapping[str, str], login_file: Path) -> SystemProxy | None:
    if sys.platform == "win32":
        return _named("registry", urllib.request.getproxies_registry())
    if sys.platform == "darwin":
        return _named("system configuration", urllib.request.getproxies_macosx_sysconf())
    return _kde(environment) or _gnome(environment) or _login(login_file)


def _named(source: str, found: Mapping[str, str]) -> SystemProxy:
    return SystemProxy(source, found.get("http", ""), found.get("https", ""))


def _kde(environment: Mapping[str, str]) -> SystemProxy | None:
    """Read kioslaverc: ProxyType 1 names proxies, 2 a script (KProtocolManager)."""
    home = environment.get("HOME", "")
    settings = environment.get("XDG_CONFIG_HOME", "") or (f"{home}/.config" if home else "")
    # KDE writes keys with options in brackets and without values at times.
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(_text(Path(settings, "kioslaverc")) if settings else "")
    except configparser.Error:
        return None
    section = "Proxy Settings"
    if not parser.has_section(section):
        return None
    values = {key: value or "" for key, value in parser.items(section)}
    source = "KDE's settings"
    if values.get("proxytype") == "2":
        return SystemProxy(source, pac=values.get("proxy config script", ""))
    if values.get("proxytype") != "1":
        return None
    # KDE parts the port from the host with a space.
    http, https = (values.get(key, "").replace(" ", ":") for key in ("httpproxy", "httpsproxy"))
    return SystemProxy(source, http, https)


def _gnome(environment: Mapping[str, str]) -> SystemProxy | None:
    """Ask gsettings, where it is installed; it reads a file and starts nothing."""
    tool = shutil.which(_GSETTINGS[0], path=environment.get("PATH", ""))
    if tool is None:
        return None
    try:
        done = subprocess.run(
            (tool, *_GSETTINGS[1:]),
            capture_output=True,
            text=True,
            errors="replace",
            env=dict(environment),
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    values = {}
    for line in done.stdout.splitlines():
        words = line.split(None, 2)
        if len(words) == 3:
            values[f"{words[0].removeprefix('org.gnome.system.proxy')}.{words[1]}"] = words[2]
    source = "GNOME's settings"
    mode = _unquoted(values.get(".mode", ""))
    if mode == "auto":
        return SystemProxy(source, pac=_unquoted(values.get(".autoconfig-url", "")))
    if mode != "manual":
        return None
    return SystemProxy(source, _gnome_url(values, ".http"), _gnome_url(values, ".https"))


def _gnome_url(values: Mapping[str, str], scheme: str) -> str:
    host, port = (_unquoted(values.get(f"{scheme}.{key}", "")) for key in ("host", "port"))
    return f"http://{host}:{port}" if host else ""


def _unquoted(value: str) -> str:
    """Read a GVariant's text form: strings carry quotes as Python's do, numbers none."""
    if value[:1] not in ("'", '"'):
        return value
    try:
        return str(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return ""


def _login(file: Path) -> SystemProxy | None:
    """Read KEY=VALUE lines as pam_env(8) does."""
    values = {}
    for line in _text(file).splitlines():
        key, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not key.startswith("#"):
            values[key.strip()] = value.strip().strip("\"'")
    http, https = (
        first_set(values, *names)
        for names in (("HTTP_PROXY", "http_proxy"), ("HTTPS_PROXY", "https_proxy"))
    )
    return SystemProxy(str(file), http, https) if http or https else None


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_MAX_BYTES).decode(errors="replace")
    except OSError:
        return ""
