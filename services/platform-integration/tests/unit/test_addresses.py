"""Calls of ours do not go where users must not reach."""

import pytest
from platform_integration.application.ports import HostAway, HostNotAllowed
from platform_integration.infrastructure.addresses import OutboundPolicy

CAREFUL = OutboundPolicy(allow_private=False)
TRUSTING = OutboundPolicy(allow_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - to be refused, not listened at
        "2130706433",
        "localhost",
        "[::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
    ],
)
async def test_a_private_network_is_not_called_unless_configuration_allows_it(
    address: str,
) -> None:
    with pytest.raises(HostNotAllowed, match="private network"):
        await CAREFUL(f"https://{address}:8443/api/v3")
    await TRUSTING(f"https://{address}:8443/api/v3")


async def test_a_public_address_is_called() -> None:
    await CAREFUL("https://93.184.215.14/api/v3")
    await CAREFUL("https://[2606:4700::1111]")


async def test_a_token_does_not_travel_in_the_open() -> None:
    with pytest.raises(HostNotAllowed, match="https"):
        await CAREFUL("http://93.184.215.14")
    await TRUSTING("http://93.184.215.14")


@pytest.mark.parametrize(
    "url", ["ftp://host", "file:///etc/passwd", "https://", "https:///path", "https://me:pw@host"]
)
async def test_what_is_no_plain_web_address_is_never_called(url: str) -> None:
    for policy in (CAREFUL, TRUSTING):
        with pytest.raises(HostNotAllowed):
            await policy(url)


async def test_a_name_nobody_knows_is_a_host_that_is_away() -> None:
    with pytest.raises(HostAway, match="cannot be resolved"):
        await CAREFUL("https://code.invalid")
