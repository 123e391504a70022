"""Write the configuration of a real web server that serves the module tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.model import Nginx

_FRAME = """daemon off;
user root;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log info;
events {{ worker_connections 512; }}
http {{
  access_log {directory}/access.log;
  client_body_temp_path {directory}/b;
  proxy_temp_path {directory}/p;
  fastcgi_temp_path {directory}/f;
  uwsgi_temp_path {directory}/u;
  scgi_temp_path {directory}/s;
  types {{ text/plain info mod; application/zip zip; }}
  default_type text/plain;
  sendfile on;
{servers}
}}
"""


def configuration(
    directory: Path,
    site: Nginx,
    addresses: Sequence[str],
    root: Path,
    chain_and_key: tuple[Path, Path] | None,
) -> str:
    """Return nginx.conf: plain HTTP on 80, and TLS on 443 where the site has it."""
    lines = _listen(addresses, 80, "")
    if site.tls is not None and chain_and_key is not None:
        lines += _listen(addresses, 443, " ssl http2" if site.http2 else " ssl")
        lines += _tls(site, chain_and_key)
    lines.append(f"root {root};")
    if not site.keep_alive:
        lines.append("keepalive_timeout 0;")
    if site.limit_rate:
        lines.append(f"limit_rate {site.limit_rate};")
    return _frame(directory, lines)


def inspector_configuration(
    directory: Path, upstreams: Mapping[str, str], minted: Mapping[str, tuple[Path, Path]]
) -> str:
    """Return the configuration of a firewall that opens TLS and passes requests on."""
    return _frame(
        directory, *(_inspected(host, upstreams[host], minted[host]) for host in upstreams)
    )


def _inspected(host: str, upstream: str, chain_and_key: tuple[Path, Path]) -> list[str]:
    return [
        "listen 8443 ssl http2;",
        f"server_name {host};",
        *_tls(Nginx(tls="TLSv1.2"), chain_and_key),
        "location / {",
        f"proxy_pass https://{upstream};",
        "proxy_ssl_protocols TLSv1.2 TLSv1.3;",
        "proxy_ssl_server_name on;",
        f"proxy_ssl_name {host};",
        "proxy_set_header Host $host;",
        "}",
    ]


def _listen(addresses: Sequence[str], port: int, options: str) -> list[str]:
    hosts = [f"[{address}]" if ":" in address else address for address in addresses]
    return [f"listen {host}:{port}{options};" for host in hosts]


def _tls(site: Nginx, chain_and_key: tuple[Path, Path]) -> list[str]:
    chain, key = chain_and_key
    lines = [
        f"ssl_certificate {chain};",
        f"ssl_certificate_key {key};",
        f"ssl_protocols {site.tls};",
    ]
    return [*lines, f"ssl_ciphers {site.ciphers};"] if site.ciphers else lines


def _frame(directory: Path, *servers: Sequence[str]) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    blocks = []
    for lines in servers:
        body = "\n".join(f"    {line}" for line in lines)
        blocks.append(f"  server {{\n{body}\n  }}")
    return _FRAME.format(directory=directory, servers="\n".join(blocks))
