"""Where the badges of a chunk are made and looked at before they are kept; nothing here writes to the database."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from issuer.making import Made, Order, Workshop, issuer_facts, signing_kit
from issuer.running import Run
from issuer.selfcheck import OwnWeb, check_made, sample
from issuer.store.lists import SignedList
from issuer.templating import Templates


class Bench:
    """One process's workshop, and the web of the instance's own addresses in which the sample is verified."""

    def __init__(self, run: Run, *, known_nsns: Container[str], with_jwt: bool = False, is_large: bool = False) -> None:
        """In a large run, every shape of badge is worth a template from its first one on."""
        self._run = run
        self._with_jwt = with_jwt
        self._web = OwnWeb(run.instance, edition=run.gate.edition, at=run.now)
        self._workshop = Workshop(
            kit=signing_kit(run.instance, with_jwt=with_jwt),
            issuer=issuer_facts(run.instance),
            valid_from=run.signed_at,
            known_nsns=known_nsns,
            templates=Templates(worth=1) if is_large else Templates(),
        )

    def make(self, orders: Sequence[Order], *, lists: Iterable[SignedList]) -> list[Made]:
        """The badges, each checked, and the sample of them believed by the full verifier. Raises IssuingError.

        `lists` are the status lists in which their places are.
        """
        made = self._workshop(orders)
        self._run.on_step("signed")
        self._web.put_lists(lists)
        good = [(order, one) for order, one in zip(orders, made, strict=True) if one.sentence is None]
        for order, one in sample(good):
            check_made(
                one,
                order=order,
                workshop=self._workshop,
                web=self._web,
                at=self._run.now,
                accept_unconfirmed=self._run.gate.accepts_unconfirmed,
            )
        self._refuse_stolen_keys()
        self._run.on_step("checked")
        return made

    def _refuse_stolen_keys(self) -> None:
        """A key may be declared stolen while it is open here: its file says so, and what it signed is not kept."""
        signing_kit(self._run.instance, with_jwt=self._with_jwt)
