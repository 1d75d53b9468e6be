"""Where an Agent answers, as far as nobody says it."""

import pytest

from lmos.core.resources import Address, Endpoint, address_of


@pytest.mark.parametrize(
    ("host", "endpoint", "address"),
    [
        ("billing", None, Address("billing", 8080, "http", "/subscriptions", "graphql-transport-ws")),
        ("billing:9000", None, Address("billing", 9000)),
        ("billing", Endpoint(host="elsewhere", port=443, scheme="https"), Address("elsewhere", 443, "https")),
        (
            "billing",
            Endpoint(protocol="a2a+jsonrpc"),
            Address("billing", path="/", protocol="a2a+jsonrpc"),
        ),
        (
            "billing",
            Endpoint(protocol="a2a+http+json", path="/rest"),
            Address("billing", path="/rest", protocol="a2a+http+json"),
        ),
        ("billing", Endpoint(protocol="smoke"), Address("billing", path="/", protocol="smoke")),
    ],
)
def test_what_an_endpoint_leaves_open_goes_by_its_protocol(
    host: str, endpoint: Endpoint | None, address: Address
) -> None:
    assert address_of(host, endpoint) == address
