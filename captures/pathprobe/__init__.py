"""Active probes of a path: packets with rising TTL that repeat the step that fails.

The payload probes travel on connections that the kernel made, so no answer of ours has to be
suppressed, and what leaves is what a client would send. Every flow keeps its addresses and ports,
so that routers which balance by flow send all of its probes the same way (Augustin et al., "Paris
traceroute", IMC 2006). Nothing is judged here: the packets are recorded, and a diagnosis of the
recording says what they met.
"""
