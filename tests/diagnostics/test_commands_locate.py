"""`badhop locate` without a network: what it is asked, what it prints, how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from captures.errors import CapturePermission
from captures.pathprobe import run as pathprobe
from captures.pathprobe import wire
from captures.pathprobe.clienthello import client_hello
from captures.pathprobe.plan import Limits, Probed, Target
from diagnostics import cli
from tests.analyzers import test_pathprobes as frames
from tests.analyzers.talk import CLIENT, SERVER, TCP
from tests.packets import ACK, RST, Frame, ip, tcp, write_pcap


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ["locate", *arguments])


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Frame]], list[Target]]:
    """Let the probes of every run be these frames; gives the targets that were asked for."""
    asked: list[Target] = []

    def record(packets: Sequence[Frame]) -> list[Target]:
        def probe(target: Target, limits: Limits, path: Path) -> Probed:
            asked.append(target)
            assert limits.gap_s >= 0.05 and limits.budget_s <= 90
            write_pcap(path, sorted(packets, key=lambda f: f[0]))
            return Probed(CLIENT, 40001, len(packets), 1.5, None)

        monkeypatch.setattr(pathprobe, "probe", probe)
        return asked

    return record


def whole_try(start_s: float, isn: int) -> list[Frame]:
    """The hello with a whole TTL, which a box two hops away resets."""
    record = client_hello("mod.example.org", large=False)
    reset = tcp(443, frames.PORT, isn * 7 + 1, isn + 1 + len(record), RST | ACK)
    return [
        *frames.opened(start_s, isn),
        (start_s + 0.03, frames.said(isn, record, 64)),
        (start_s + 0.031, ip(SERVER, CLIENT, TCP, reset, ttl=63)),
    ]


BLOCKED = [
    *whole_try(0, 1000),
    *frames.hello_try(2, 2000, 1),
    *frames.hello_try(3, 3000, 2, (0.001, frames.forged_reset(3000, 63))),
]


def test_the_place_is_told(sent: Callable[[Sequence[Frame]], list[Target]]) -> None:
    asked = sent(BLOCKED)
    result = run(SERVER, "--sni", "mod.example.org")
    assert result.exit_code == 1, result.output
    assert "ClientHello for mod.example.org is answered by a reset" in result.stdout
    assert "at hop 2" in " ".join(result.stdout.split())
    assert "at most 700 packets, 20 a second, 90 s" in result.stderr
    assert asked == [Target(SERVER, SERVER, 443, "mod.example.org", "example.com")]


def test_json(sent: Callable[[Sequence[Frame]], list[Target]]) -> None:
    sent(BLOCKED)
    result = run(f"{SERVER}:8443", "--sni", "mod.example.org", "--control", "b.example", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["schema"] == "badhop/locate/1"
    (fault,) = found["faults"]
    assert (fault["step"], fault["how"], fault["distance"]) == ("hello", "reset", [2, 2])
    assert found["target"] | {"host": ""} == {
        "host": "",
        "address": SERVER,
        "port": 8443,
        "sni": "mod.example.org",
        "control": "b.example",
        "query": None,
    }


def test_nothing_fails(sent: Callable[[Sequence[Frame]], list[Target]]) -> None:
    sent(frames.opened(0, 1000))
    result = run(SERVER)
    assert result.exit_code == 0 and "Nothing fails" in result.stdout


def test_a_failure_without_a_place(sent: Callable[[Sequence[Frame]], list[Target]]) -> None:
    sent(whole_try(0, 1000))
    result = run(SERVER, "--sni", "mod.example.org")
    assert result.exit_code == 3 and "do not show where" in " ".join(result.stdout.split())


def test_the_recording_is_kept(
    sent: Callable[[Sequence[Frame]], list[Target]], tmp_path: Path
) -> None:
    sent(BLOCKED)
    file = tmp_path / "probes.pcapng"
    run(SERVER, "--sni", "mod.example.org", "-o", str(file))
    diagnosis = CliRunner().invoke(cli.cli, ["diagnose", str(file), "--json"])
    root = json.loads(diagnosis.stdout)["root_cause"]
    assert (root["cause"], root["hop"]["distance"]) == ("tls.sni_blocked", [2, 2])


@pytest.mark.parametrize(
    ("arguments", "aim"),
    [
        (["192.0.2.1"], ("192.0.2.1", 443, None, None)),
        (["[2001:db8::1]:8443"], ("2001:db8::1", 8443, None, None)),
        (["2001:db8::1"], ("2001:db8::1", 443, None, None)),
        (
            ["192.0.2.1", "--sni", "bücher.example"],
            ("192.0.2.1", 443, "xn--bcher-kva.example", None),
        ),
        (["192.0.2.53", "--dns", "Mod.Example."], ("192.0.2.53", 53, None, "mod.example")),
    ],
)
def test_what_is_asked(
    sent: Callable[[Sequence[Frame]], list[Target]],
    arguments: list[str],
    aim: tuple[str, int, str | None, str | None],
) -> None:
    asked = sent(frames.opened(0, 1000))
    run(*arguments)
    (target,) = asked
    assert (target.address, target.port, target.sni, target.query) == aim


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["192.0.2.1:0"],
        ["192.0.2.1:http"],
        ["192.0.2.1:99999999999999999999"],
        ["192.0.2.1", "--sni", "a..b"],
        ["192.0.2.1", "--sni", "x" * 64],
        ["192.0.2.1", "--dns", ""],
        ["192.0.2.1", "--rounds", "1000"],
        ["no host at all"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert cli._guarded(lambda: cli.cli(["locate", *arguments], standalone_mode=False)) == 2


def test_a_name_without_an_address_leaves_two_ways(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli._guarded(lambda: cli.cli(["locate", "a..b"], standalone_mode=False)) == 2
    said = capsys.readouterr().err
    assert said.startswith("badhop: cannot look up a..b: ")
    assert "--sni" in said and "--dns" in said


def test_without_permission(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise CapturePermission(wire.NEED, wire.HINT)

    monkeypatch.setattr(pathprobe, "probe", refuse)
    status = cli._guarded(lambda: cli.cli(["locate", "192.0.2.1"], standalone_mode=False))
    told = capsys.readouterr().err.splitlines()
    assert status == 2
    assert told[-2:] == [f"badhop: {wire.NEED}", wire.HINT]


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(Exception, match="Linux only"):
        wire.Wire("192.0.2.1", None)
