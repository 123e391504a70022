"""`badhop locate`: a server in, the hop at which a step on the way to it fails out."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diagnostics.report.escape import printable

if TYPE_CHECKING:
    from captures.pathprobe.plan import Limits, Probed, Target

_HTTPS, _DNS = 443, 53
_CONTROL = "example.com"
_MAX_NAME = 253


@click.command()
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--sni", metavar="NAME", help="Name in the ClientHello. Default: HOST.")
@click.option(
    "--control",
    metavar="NAME",
    help=f"Name that should pass, to compare. Default: {_CONTROL}; with --dns the root.",
)
@click.option(
    "--dns",
    "query",
    metavar="NAME",
    help="Ask HOST, a resolver, for NAME over UDP instead (port 53).",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Keep the packets."
)
@click.option("-6", "six", is_flag=True, help="Use the IPv6 address of HOST.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="Probes of each hop; take 20 to measure loss.",
)
@click.option("--json", "as_json", is_flag=True, help="Print badhop/locate/1 for programs.")
def locate(
    target: str,
    sni: str | None,
    control: str | None,
    query: str | None,
    output: Path | None,
    six: bool,
    rounds: int,
    as_json: bool,
) -> int:
    """Find the hop where a step of a download fails, by probes that go ever further.

    Repeats what the download does: connects to HOST (port 443), and says the ClientHello with its
    name and with another one. Then the step that fails is sent again with a TTL of 1, 2, 3 …:
    routers report the packets that end at them, and the first TTL at which the reset, the silence
    or the forged answer appears shows how far away its sender is.

    Starts at most 20 probes a second, 700 packets in all (40 more for each round above 3), and
    ends after 90 seconds; no handshake is ever completed. Linux only; needs root or the capability
    CAP_NET_RAW. `badhop diagnose FILE` reads what -o keeps, also merged with the capture of the
    download (mergecap).

    Exit status: 0 nothing fails, 1 the place was found, 2 wrong usage or no permission, 3 something
    fails and the probes do not show where.
    """
    from captures.pathprobe.plan import Limits
    from captures.pathprobe.run import probe

    aim = _aim(target, sni, control, query, six)
    limits = Limits(rounds=rounds, max_packets=700 + 40 * max(0, rounds - 3))
    click.echo(f"badhop: {printable(_announcement(aim, limits))}", err=True)
    with tempfile.TemporaryDirectory() as folder:
        path = output or Path(folder) / "locate.pcapng"
        probed = probe(aim, limits, path)
        return _report(path, aim, probed, as_json)


def _report(path: Path, aim: Target, probed: Probed, as_json: bool) -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from diagnostics.location import location
    from diagnostics.report import location as report
    from diagnostics.report.style import detect
    from diagnostics.source import facts_of

    found = location(facts_of(str(path), None), aim.query or aim.sni)
    if as_json:
        click.echo(report.document(found, aim, probed))
    else:
        click.echo(report.text(found, aim, probed, detect(sys.stdout, os.environ)))
    return found.exit_status


def _aim(target: str, sni: str | None, control: str | None, query: str | None, six: bool) -> Target:
    from captures.pathprobe.plan import Target
    from captures.proxies import parse_address

    host, port = _split(target, _DNS if query else _HTTPS)
    address = _resolve(host, port, six)
    name = sni or (None if parse_address(host) else host)
    if query is not None:
        return Target(host, address, port, None, control and _name(control), _name(query))
    return Target(
        host, address, port, _name(name) if name else None, _name(control or _CONTROL), None
    )


def _split(target: str, port: int) -> tuple[str, int]:
    """HOST, HOST:PORT, [IPv6]:PORT or IPv6."""
    host, colon, number = target.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        return target.strip("[]"), port
    if not (number.isascii() and number.isdigit() and 0 < int(number[:6]) < 65536):
        raise click.UsageError(f"{number} is no port")
    return host.strip("[]"), int(number)


def _resolve(host: str, port: int, six: bool) -> str:
    family = socket.AF_INET6 if six else socket.AF_UNSPEC
    try:
        answers = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no name to look up"
        raise click.ClickException(
            f"cannot look up {host}: {reason}. Give its address, and the name with --sni; or the "
            "resolver's address, and the name with --dns."
        ) from error
    return str(answers[0][4][0]).partition("%")[0]


def _name(text: str) -> str:
    """A name as it goes over the wire: ASCII, labels of 1 to 63."""
    try:
        name = text.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise click.UsageError(f"{text} is no name") from error
    if not name or len(name) > _MAX_NAME:
        raise click.UsageError(f"{text} is no name")
    return name


def _announcement(aim: Target, limits: Limits) -> str:
    what = f"queries for {aim.query}" if aim.query else "connections"
    if aim.sni:
        what += f" with a ClientHello for {aim.sni} and for {aim.control}"
    return (
        f"probing {aim.address} port {aim.port}: {what}; at most {limits.max_packets} packets, "
        f"{1 / limits.gap_s:.0f} a second, {limits.budget_s:.0f} s"
    )
