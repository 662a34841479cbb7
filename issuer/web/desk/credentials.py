"""Micro-credentials at the desk: the one blueprint of their pages, which stand in modules of their own."""

from __future__ import annotations

from issuer.web.desk import code_pages, preview_pages, register_pages, setup_pages

__all__ = ["blueprint", "code_pages", "preview_pages", "register_pages", "setup_pages"]

blueprint = setup_pages.blueprint
