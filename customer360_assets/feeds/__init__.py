"""Feeds: what a source system delivers, as specifications that need no code."""

from __future__ import annotations

from customer360_assets.feeds.loader import FeedError, load_feeds
from customer360_assets.feeds.spec import BusinessDate, FeedSpec, Target

__all__ = ["BusinessDate", "FeedError", "FeedSpec", "Target", "load_feeds"]
