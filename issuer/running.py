"""What all chunks of one run share, and the names of the steps at which it may be watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from issuer.admission import Gate
from issuer.bulk.delivering import NO_MAIL, Terms
from issuer.instance import NSN_KEY, ROW_KEY_SECRET, Instance
from issuer.making import issuer_facts
from issuer.store.setups import load_setups
from issuer.trust.staples import load_staples
from verifier.register.edition import Edition

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


def run_of(
    instance: Instance,
    edition: Edition | None,
    *,
    accept_unconfirmed: str | None,
    terms: Terms,
    now: datetime,
    actor: str,
    batch_id: str | None,
    on_step: Step = lambda _name: None,
) -> Run:
    """A run by the register in use, the set-ups and the authority's statements of this moment."""
    with instance.store.reading() as connection:
        setups = load_setups(connection)
    method = instance.method_of(instance.config.credential_key)
    gate = Gate(
        edition,
        issuer=issuer_facts(instance),
        method=method,
        now=now,
        accept_unconfirmed=accept_unconfirmed,
        staples=load_staples(instance, method=method),
        setups=setups,
    )
    return Run(
        instance=instance,
        gate=gate,
        batch_id=batch_id,
        now=now,
        actor=actor,
        nsn_key=instance.secret(NSN_KEY),
        row_secret=instance.secret(ROW_KEY_SECRET),
        on_step=on_step,
        terms=terms,
    )
