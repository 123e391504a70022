"""Where: hops from addresses, TTLs, ICMP senders and arrival times, never narrower than shown.

Distances are closed intervals in IP hops from the capture point, as traceroute numbers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzers.facts import Attempt, Connection, Facts, IcmpError, Reset, Side
from analyzers.ttl import distance_of as ttl_distance
from analyzers.ttl import initial_ttl
from diagnostics.verdict import Distance, Hop, Role

LONGEST_PATH = 32
"""No Internet path is longer; a TTL that says so belongs to another initial value."""


def distance_of_ttl(ttl: int) -> int | None:
    """Distance of a sender whose packets arrive with this TTL; None when no initial value fits."""
    distance = ttl_distance(ttl)
    return distance if distance <= LONGEST_PATH else None


def _at(distance: int | None) -> Distance | None:
    return None if distance is None else (distance, distance)


def name_of(facts: Facts, address: str | None) -> str | None:
    """A name that DNS, SNI or a request of this capture gave the address."""
    host = facts.hosts.get(address or "")
    return host.names[0] if host and host.names else None


def distance_of(facts: Facts, address: str | None) -> int | None:
    """Distance of an address that sent packets, from their TTL."""
    host = facts.hosts.get(address or "")
    if host is None or host.distance is None or host.distance > LONGEST_PATH:
        return None
    return host.distance


def is_own_address(facts: Facts, address: str) -> bool:
    """The capturing host's own address, loopback included (a stub resolver, a local proxy)."""
    host = facts.hosts.get(address)
    return address.startswith("127.") or address == "::1" or bool(host and host.is_local)


def host_hop(facts: Facts, role: Role, address: str | None, name: str | None = None) -> Hop:
    """A hop that is a host which showed itself (or did not: then its distance is unknown)."""
    distance = distance_of(facts, address)
    if address is not None and is_own_address(facts, address):
        distance = 0
    return Hop(role, address, name or name_of(facts, address), _at(distance))


def far_sides(facts: Facts, connections: Iterable[Connection]) -> tuple[Side, ...]:
    """The ends of connections to which there is a way from the capture point: the server's, and the
    client's where the capture was taken on a router or at the server."""
    clients = {c.client.address for c in connections}
    if any(is_own_address(facts, address) for address in clients):
        return (Side.SERVER,)
    return (Side.SERVER, Side.CLIENT)


def end_of(connections: Sequence[Connection], side: Side) -> str | None:
    """The address of that end of some connections; None when they have several."""
    found = {c.half(side).address for c in connections}
    return found.pop() if len(found) == 1 else None


def client_hop(facts: Facts) -> Hop:
    """The machine that runs go."""
    local = next((h for h in facts.hosts.values() if h.is_local), None)
    return Hop(Role.CLIENT, local.address if local else None, None, (0, 0))


def server_hop(facts: Facts, attempt: Attempt) -> Hop:
    """The host at the destination address: the proxy when the try went through one."""
    if attempt.via_proxy:
        return host_hop(facts, Role.PROXY, attempt.address, name_of(facts, attempt.address))
    return host_hop(facts, Role.SERVER, attempt.address, attempt.name)


def upstream_hop(facts: Facts, attempt: Attempt) -> Hop:
    """What stands behind the server or proxy: at its distance or beyond, which nobody sees."""
    return Hop(Role.UPSTREAM, None, attempt.name, None)


def resolver_hop(facts: Facts, address: str | None) -> Hop:
    """The DNS server that was asked."""
    return host_hop(facts, Role.RESOLVER, address)


def path_hop(facts: Facts, address: str | None) -> Hop:
    """Somewhere up to an address, the first link included: bounded by its distance, if known."""
    distance = distance_of(facts, address)
    return Hop(Role.PATH, None, None, None if distance is None else (0, distance))


def portal_hop(facts: Facts, address: str | None) -> Hop:
    """What answers in the server's name, as portals do: it stands where its packets come from."""
    distance = distance_of(facts, address)
    role = Role.GATEWAY if distance == 1 else Role.MIDDLEBOX
    return Hop(role, None, None, _at(distance))


def icmp_hop(facts: Facts, error: IcmpError) -> Hop:
    """The sender of an ICMP error: a router names itself."""
    distance = error.distance if error.distance is not None else distance_of_ttl(error.ip_ttl)
    if error.sender == error.quoted_destination:
        role = Role.SERVER
    elif facts.hosts.get(error.sender) and facts.hosts[error.sender].is_local:
        return client_hop(facts)
    elif distance == 1:
        role = Role.GATEWAY
    elif error.kind == "admin_prohibited":
        role = Role.MIDDLEBOX
    else:
        role = Role.TRANSIT
    return Hop(role, error.sender, name_of(facts, error.sender), _at(distance))


def forger_hop(facts: Facts, ttls: Iterable[int], victim: str | None) -> Hop:
    """A box that sent packets with these TTLs under the address of `victim`.

    Its own TTL gives its distance, unless that is the victim's (copied, or beside the victim), or
    changes from packet to packet (made up): then it is somewhere up to the victim.
    """
    seen, end = set(ttls), distance_of(facts, victim)
    distance = distance_of_ttl(min(seen)) if len(seen) == 1 else None
    if distance is None or (end is not None and distance >= end):
        # A victim at the capture point itself (0) leaves no way to stand on.
        return Hop(Role.MIDDLEBOX, None, None, (1, end) if end else None)
    return Hop(Role.MIDDLEBOX, None, None, (distance, distance))


def reset_is_forged(connection: Connection, reset: Reset) -> bool:
    """The server's side did not send this RST: its TTL differs and a second sign agrees, or a
    sign that no conforming stack makes stands alone (Weaver et al., NDSS 2009)."""
    alone = {"sequence_changes", "peer_went_on", "before_rtt", "never_sent"}
    if not _is_closed_before(connection, reset):
        alone.add("sequence_below_data")
    if reset.signs & alone:
        return True
    weak = {"ip_id_differs", "timestamps_missing", "window_odd"}
    foreign = "ttl_differs" in reset.signs and not _from_as_far(connection, reset)
    return foreign and bool(reset.signs & weak)


def _from_as_far(connection: Connection, reset: Reset) -> bool:
    """Another TTL, but of another initial value, and from as many hops away as the server: load
    balancers and kernels' closed sockets count down from another one than its data."""
    ttls = (connection.server.ttl, connection.server.ttl_syn)
    return any(
        ttl is not None
        and initial_ttl(ttl) != initial_ttl(reset.ttl)
        and ttl_distance(ttl) == ttl_distance(reset.ttl)
        for ttl in ttls
    )


def _is_closed_before(connection: Connection, reset: Reset) -> bool:
    """The server had reset it already, as servers do: what comes then is its closed socket's
    answer to each late ACK, with that ACK's number (RFC 9293 3.10.7.1), be the ACK seen or not."""
    return any(
        r.sender is reset.sender and r.frame < reset.frame and r.signs <= {"timestamps_missing"}
        for r in connection.resets
    )
