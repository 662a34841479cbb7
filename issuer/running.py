"""What all chunks of one run share, and the names of the steps at which it may be watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from issuer.admission import Gate
from issuer.bulk.delivering import NO_MAIL, Terms
from issuer.instance import Instance

Step = Callable[[str], None]
"""Called at each step of a chunk with its name: progress, and where a test may pull the plug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Whose run it is, of what batch, at what moment, by what rules."""

    instance: Instance
    gate: Gate
    batch_id: str | None
    now: datetime
    actor: str
    nsn_key: bytes = field(default=b"", repr=False)
    row_secret: bytes = field(default=b"", repr=False)
    on_step: Step = lambda _name: None
    terms: Terms = NO_MAIL

    @property
    def signed_at(self) -> datetime:
        """What `validFrom` and `proof.created` say: to the second."""
        return self.now.replace(microsecond=0)
