"""A class list on its way to badges: the one blueprint of its pages, which stand in modules of their own."""

from __future__ import annotations

from issuer.web.desk import bulk_confirm, bulk_pages

__all__ = ["blueprint", "bulk_confirm", "bulk_pages"]

blueprint = bulk_pages.blueprint
