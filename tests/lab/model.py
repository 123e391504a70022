"""The vocabulary in which a scenario says what it builds and what it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.lab.expectation import Expected
from tests.lab.shape import STANDARD, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Impair:
    """What a link does to the frames that travel in one direction."""

    delay_ms: float = 0.0
    #: Delay wanders between 0 and this much more; order is kept.
    jitter_ms: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    #: Share of frames that are held back by `reorder_ms` while others overtake them.
    reorder: float = 0.0
    reorder_ms: float = 4.0
    rate_mbit: float = 0.0
    queue_kb: float = 64.0
    #: A policer drops what exceeds the rate instead of queueing it.
    police_mbit: float = 0.0
    burst_kb: float = 32.0
    #: Larger IP packets vanish without a word.
    mtu: int = 0
    #: TCP payloads that hold this name vanish, and the rest of their flow with them.
    block_sni: str = ""
    #: The same for these bytes, as hexadecimal digits.
    block_bytes: str = ""
    #: Each TCP flow passes this many payload bytes, then goes silent.
    silent_after_kb: float = 0.0
    #: The link is down for so many seconds once so many kilobytes of payload have passed it (-1:
    #: from the first packet on).
    outage: tuple[float, float] | None = None
    #: Restrict loss, silence and MTU to this protocol and port ("udp/53", "tcp/443").
    only: str = ""


Direction = Impair
#: (from the client outwards, towards the client)
Duplex = tuple[Impair, Impair]


def both(impair: Impair) -> Duplex:
    """Do the same to both directions of a link."""
    return (impair, impair)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nginx:
    """A real web server that serves the module tree."""

    tls: str | None = "TLSv1.3"
    certificate: str = "good"
    http2: bool = True
    ciphers: str = ""
    #: False: every request costs a connection.
    keep_alive: bool = True
    #: The pace at which each answer is sent ("250k" bytes a second), "" for as fast as it goes.
    limit_rate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the faulty server does with requests whose path ends with `suffix`."""

    suffix: str = ""
    do: str = "serve"
    status: int = 200
    seconds: float = 0.0
    #: Share of the body that is sent before it stalls, ends or is reset.
    share: float = 0.5
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A server in Python for what nginx will not do."""

    tls: str | None = "TLSv1.3"
    certificate: str = "good"
    acts: tuple[Act, ...] = ()
    #: What a ClientHello meets: "silent", "alert:40", "plaintext", "reset", "close", "late:3"
    #: seconds; "reset-large" resets those that no single segment holds; "deaf" never reads;
    #: "close-at-once" and "reset-at-once" do not wait for it.
    hello: str = ""
    #: Demand a certificate of the client.
    client_certificate: bool = False
    #: Speak HTTP/2 and break every stream: "reset" or "goaway".
    http2: str = ""


def redirecting(to: str, tls: str | None = "TLSv1.3") -> Faulty:
    """Send each zip to a storage host, "https://{mirror_host}", as proxy.golang.org does."""
    target = {"Location": f"{to}$path"}
    return Faulty(tls=tls, acts=(Act(suffix=".zip", do="status", status=302, headers=target),))


Site = Nginx | Faulty


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How the DNS server treats queries; the most specific match wins."""

    #: "answer", "silent", "nxdomain", "servfail", "refused", "empty", "truncate", "formerr";
    #: "other_id" answers so that nobody may believe it.
    mode: str = "answer"
    delay_s: float = 0.0
    #: The first n queries of each question are lost.
    lose_first: int = 0
    copies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """The resolver: replies by query type ("A", "AAAA" or "*") and the records it holds."""

    replies: Mapping[str, Reply] = field(default_factory=dict)
    #: Replaces the addresses of the module server's name.
    addresses: tuple[str, ...] = ()
    tcp: bool = True
    #: The node where the resolver runs; a public one sits beside the server.
    node: str = "resolver"
    running: bool = True
    search: tuple[str, ...] = ()
    ndots: int = 1
    #: The names that `replies` are about.
    targets: tuple[str, ...] = ("{host}",)
    #: Addresses that the client asks before the resolver.
    before: tuple[str, ...] = ()
    #: A forwarder on the client's own loopback address stands before the resolver.
    stub: str = ""
    #: When the stub answers SERVFAIL because the resolver is silent.
    stub_patience_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """The explicit HTTP proxy: "ok", "407", "403", "502", "silent" or "slow"."""

    mode: str = "ok"
    delay_s: float = 0.0
    #: Its clients speak TLS with it (HTTPS_PROXY=https://…).
    tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forger:
    """A box on the path that sees every packet of a node and forges answers."""

    node: str
    #: What it reacts to: "sni", "hello" (a large ClientHello), "schemes" (ML-DSA signatures are
    #: offered), "body" (of a download), "dns".
    trigger: str
    #: Initial TTL of what it sends; 0 copies the TTL of the host it impersonates.
    ttl: int = 64
    after_kb: float = 20.0
    address: str = ""
    #: "both" are reset, the "client" alone, or "fin" ends the client's side politely.
    how: str = "both"
    #: How many resets each segment provokes, and how many segments do.
    copies: int = 3
    bursts: int = 12
    #: A DNS forger in no hurry comes after the true answer.
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """The modules that the download needs."""

    count: int = 2
    size_kb: int = 24
    #: Small files in each besides; unpacking them is work for the disk, not for the network.
    files: int = 0
    #: The version that go.mod wants of the first, where it is not the one that exists.
    wanted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The file system that holds the client's home directory, and in it the module cache."""

    #: What each operation takes: names, attributes, files opened, written and closed.
    operation_ms: float = 0.0
    #: Once so much is written, nothing moves for so long.
    still_after_kb: float = 0.0
    still_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Where and how the recording is made, and what happens to the file afterwards."""

    node: str = "client"
    #: tcpdump on every interface at once: cooked headers, duplicates on routers.
    every_interface: bool = False
    snaplen: int = 0
    #: Alterations in turn (see `aftermath`).
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One small declaration: what is built, what is broken, what must be said."""

    name: str
    #: What is broken and where, in one sentence.
    breaks: str
    expect: Expected
    #: What the packets alone must give; None means the same.
    bare: Expected | None = None
    #: Causes that a hasty rule would name here; none of them may be found.
    resembles: tuple[str, ...] = ()
    #: The scenarios that each have one of the two faults of this one.
    parts: tuple[str, str] | None = None
    #: Only a run of everything takes it: others show the same in less time.
    thorough: bool = False
    server: Site = Nginx()
    mirror: Site | None = None
    dns: Dns = Dns()
    proxy: Proxy | None = None
    goproxy: str = "https://{host}"
    #: Impaired links by name ("transit-server").
    wires: Mapping[str, Duplex] = field(default_factory=dict)
    #: Links whose routers know that they carry smaller packets, and say so by ICMP.
    link_mtus: Mapping[str, int] = field(default_factory=dict)
    #: nft rules in the forward path of a node, one a line.
    rules: Mapping[str, str] = field(default_factory=dict)
    #: nft rules for what a node itself receives.
    input_rules: Mapping[str, str] = field(default_factory=dict)
    forgers: tuple[Forger, ...] = ()
    #: The firewall terminates TLS with a certificate of the inspection CA.
    inspect: bool = False
    #: A router that hides the client's side behind its own address.
    nat: str = ""
    #: A router that answers plain HTTP itself, and what it does with each request.
    portal: str = ""
    portal_act: Act = Act()
    modules: Modules = Modules()
    shape: Shape = STANDARD
    #: The initial TTL of what a node sends.
    ttls: Mapping[str, int] = field(default_factory=dict)
    camera: Camera = Camera()
    #: Address families of the names: "4", "6" or "46".
    family: str = "4"
    #: "current" or the beginning of a version ("1.22"); skipped where that go is absent.
    go: str = "current"
    #: Interrupt the command after this time, as an impatient user does.
    timeout_s: float = 0.0
    env: Mapping[str, str] = field(default_factory=dict)
    #: Certificates the client trusts besides the lab root.
    trusts: tuple[str, ...] = ()
    #: The client's adapter cuts segments itself, so that its own capture has longer ones.
    offload: bool = False
    client_sysctls: Mapping[str, str] = field(default_factory=dict)
    #: Files below the client's home directory.
    home: Mapping[str, str] = field(default_factory=dict)
    #: Stop the command after the first time, for the second.
    pause: tuple[float, float] | None = None
    #: Where the client's home directory is, when it is on no fast local disk; what runs in the
    #: background does not see it.
    disk: Disk | None = None
    #: Try the download this often, as CI jobs do.
    tries: int = 1
    #: The project's go.sum contradicts what the servers hold.
    wrong_sum: bool = False
    #: A shell command that runs beside the download.
    background: str = ""
    #: How long the command takes, so that long ones start first.
    seconds: float = 2.0
    #: Timing matters: do not run beside many others.
    exclusive: bool = False

    @property
    def needs_session(self) -> bool:
        """Whether the packets alone cannot give the expected verdict."""
        return self.bare is not None

    @property
    def has_session(self) -> bool:
        """Whether badhop itself can make the recording."""
        return self.camera == Camera()

    def without_session(self) -> Expected:
        """Return the verdict that the packets alone must give."""
        return self.expect if self.bare is None else self.bare
