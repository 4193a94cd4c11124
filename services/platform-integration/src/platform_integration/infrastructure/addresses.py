"""Outbound calls go where users say; into our own network only when configuration allows it."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from platform_integration.application.ports import HostAway, HostNotAllowed


class OutboundPolicy:
    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def __call__(self, url: str) -> None:
        """Raise HostNotAllowed when any address of the host is not a public one."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HostNotAllowed(f"{url} is not an http(s) address")
        if parts.username or parts.password:
            raise HostNotAllowed("an address must not carry credentials")
        if self._allow_private:
            return
        if parts.scheme != "https":
            raise HostNotAllowed("only https is allowed: the token would travel in the open")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                parts.hostname, parts.port or 443, type=socket.SOCK_STREAM
            )
        except OSError as problem:
            raise HostAway(f"{parts.hostname} cannot be resolved") from problem
        for *_, address in found:
            if not ipaddress.ip_address(str(address[0]).split("%")[0]).is_global:
                raise HostNotAllowed(f"{parts.hostname} leads into a private network")
