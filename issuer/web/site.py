"""What every view works with: the open instance, the register in use, the clock, and where people find us."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from flask import current_app
from werkzeug.local import LocalProxy

from issuer import settings
from issuer.instance import REGISTER_FOLDER, FreshConfig, Instance, open_instance
from issuer.runners import Runner, runner_named
from issuer.staff.choices import Choices, load_choices
from issuer.trust.editions import load_edition
from issuer.web.guesses import Guesses
from schemas.errors import BadgeError, IssuingError
from verifier.register.edition import Edition

EXTENSION = "nz-open-badges"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """How a server was started. `origin` is where people reach it while it is tried out, instead of the base URL."""

    origin: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    runner: Runner | None = None  # None: the worker process
    testing: bool = False
    vc_api: bool = False


class Site:
    """One instance being served: opened once; its settings are read again when another process changed them."""

    def __init__(self, folder: Path, options: ServeOptions) -> None:
        self.options = options
        self._instance = open_instance(folder, database=settings.database_url())
        self._lock = threading.Lock()
        self._config = FreshConfig(self._instance)
        self._was_demonstration = False
        self.runner: Runner = options.runner or runner_named(settings.runner_name(), self._instance)
        self.missed_links = Guesses()
        self.missed_codes = Guesses()
        # Behind a proxy many people look like one caller; a mailbox gets no second mail within ten minutes anyway.
        self.asked_links = Guesses(most=100)

    @property
    def instance(self) -> Instance:
        """The instance with its settings as they are now; as they were while their file cannot be read."""
        with self._lock:
            self._config.refresh()
        return self._instance

    @property
    def edition(self) -> Edition | None:
        """The register in use; read anew only when its folder changed. Raises IssuingError when it cannot be read."""
        instance = self.instance
        try:
            mark = tuple(sorted(_marks(instance.folder / REGISTER_FOLDER)))
            return _edition(instance, mark)
        except OSError as error:
            raise IssuingError("The register of this instance cannot be read.", reason="register") from error

    @property
    def choices(self) -> Choices:
        """The settings of the desk as they are now."""
        with self.instance.store.reading() as connection:
            return load_choices(connection)

    @property
    def is_demonstration(self) -> bool:
        """As it was known last while the register cannot be read: a page that tells of that needs it too."""
        try:
            edition = self.edition
        except BadgeError:
            return self._was_demonstration
        self._was_demonstration = edition is not None and edition.demonstration
        return self._was_demonstration

    @property
    def prefix(self) -> str:
        """The path of the base URL: "" or "/something"."""
        return urlsplit(self.instance.config.base_url).path.rstrip("/")

    @property
    def link_base(self) -> str:
        """Where links in mail, certificates and pages lead: the base URL, or the origin while trying out."""
        if self.options.origin:
            return self.options.origin.rstrip("/") + self.prefix
        return self.instance.config.base_url

    def link(self, path: str) -> str:
        """An absolute address for people. `path` starts with a slash."""
        return self.link_base + path

    def now(self) -> datetime:
        return self.options.clock()

    def close(self) -> None:
        self._instance.close()


def _marks(folder: Path) -> Iterator[tuple[str, int]]:
    """The register's files and when each was written. A file half written has a name that starts with a dot."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if not path.name.startswith("."):
            yield path.name, path.stat().st_mtime_ns


@lru_cache(maxsize=2)
def _edition(instance: Instance, mark: tuple[tuple[str, int], ...]) -> Edition | None:
    del mark  # part of the key: another edition was put to use
    return load_edition(instance)


site = cast("Site", LocalProxy(lambda: current_app.extensions[EXTENSION]))
