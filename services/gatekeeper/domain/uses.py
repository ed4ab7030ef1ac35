"""Uses of a licence, and its one completed export (D4.1, D4.2)."""

from __future__ import annotations

from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.room import own_draws
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import Balance


def uses_left(case: Case, licence: Licence) -> int | None:
    """Uses that this case may still take or stand on; None: not limited.

    A shipment's own use doesn't count against it, nor do those of an order's own shipments against the order (D4.1).
    """
    if licence.max_uses is None:
        return None
    account = case.accounts[licence.licence_no]
    return licence.max_uses - account.uses - account.uses_reserved + own_uses(case, licence.licence_no)


def own_uses(case: Case, licence_no: str) -> int:
    if case.order is not None:
        return len({take.shipment_id for take in case.order.takes if licence_no in take.licences})
    return int(any(draw.licence_no == licence_no for draw in own_draws(case)))


def is_completed(case: Case, licence: Licence) -> bool:
    """D4.2: its first completed export has ended it; a shipment's own departure doesn't end it for that shipment."""
    if not licence.lapses_on_completion:
        return False
    consumed = {draw.licence_no for draw in own_draws(case) if draw.balance is Balance.CONSUMED}
    return case.accounts[licence.licence_no].uses > int(licence.licence_no in consumed)
