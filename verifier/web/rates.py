"""How often one address may ask: counted in the memory of each process for itself; a restart forgets it.

A bucket for each address holds the checks of twenty seconds: so many may be asked at once, and it fills steadily.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from flask import current_app, request
from werkzeug.exceptions import TooManyRequests

from verifier.web.service import current_service

EXTENSION: Final = "nz-open-badges-verifier-rates"
CHARGED: Final = frozenset({"/verify", "/credentials/verify", "/presentations/verify"})
MAX_CLIENTS: Final = 20_000  # remembered; the longest unseen is let go, and starts with a full bucket again
_BURST_SECONDS: Final = 20.0


class Rates:
    """`per_minute` checks for each client; who asks for more is told after how many seconds to ask again."""

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._most = max(1.0, self._per_second * _BURST_SECONDS)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was

    def take(self, client: str, number: int = 1) -> float:
        """0.0, and they are taken; or the seconds until so many would be there. More than a bucket holds waits for a
        full one and leaves a debt, so that one large request is possible and is paid for."""
        now = self._monotonic()
        with self._lock:
            left, since = self._clients.get(client, (self._most, now))
            left = min(self._most, left + (now - since) * self._per_second)
            # One less than full: the request that asks for so many has been charged for itself already.
            needed = min(float(number), max(1.0, self._most - 1))
            wait = 0.0 if left >= needed else (needed - left) / self._per_second
            self._clients[client] = (left if wait else left - number, now)
            self._clients.move_to_end(client)
            while len(self._clients) > MAX_CLIENTS:
                self._clients.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._clients)


def charge(number: int = 1) -> None:
    """So many checks for whoever asks. Raises 429 with Retry-After."""
    rates: Rates | None = current_app.extensions.get(EXTENSION)
    if rates is None or number < 1:
        return
    wait = rates.take(client_of(request.remote_addr or ""), number)
    if wait:
        current_service().shared.counters.count("refused", "rate")
        raise TooManyRequests(retry_after=max(1, math.ceil(wait)))


def client_of(address: str) -> str:
    """Whom an address belongs to: in IPv6 the network of 64 bits, which is one household's."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def charge_request() -> None:
    """Every request that makes the service check something costs one; a list costs one for each of its members."""
    if request.path in CHARGED and request.method != "OPTIONS":  # HEAD does the work of GET
        charge()
