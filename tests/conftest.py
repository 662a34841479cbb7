"""No test reaches a network: sockets are blocked, and loopback is for those marked `network`."""

from collections.abc import Iterator

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings

from tests.patience import PATIENCE

# Properties are judged by what they find, not by how long one example takes on a busy machine.
settings.register_profile("no deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no deadline")

LOOPBACK = ["127.0.0.1", "::1", "localhost"]


@pytest.fixture(scope="session", autouse=True)
def _children_are_waited_for() -> Iterator[None]:
    """A process that reads a stranger's file may take its few seconds of the processor, however long it waits for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("schemas.baking.pdf.PDF_SECONDS", PATIENCE)
        patch.setattr("schemas.inlineschema.SCHEMA_SECONDS", PATIENCE)
        yield


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("network"):
        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
    else:
        pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
    pytest_socket._remove_restrictions()  # no public name for it
