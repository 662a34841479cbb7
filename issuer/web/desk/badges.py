"""Badges at the desk: the one blueprint of their pages, which stand in modules of their own."""

from __future__ import annotations

from issuer.web.desk import badge_changes, badge_delivery, badge_pages, badge_single

__all__ = ["badge_changes", "badge_delivery", "badge_pages", "badge_single", "blueprint"]

blueprint = badge_pages.blueprint
