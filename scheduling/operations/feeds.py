"""Private addresses of calendar feeds: made, shown once, and ended."""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError
from scheduling.models import FeedToken, Instructor, Location

TOKEN_BYTES = 16  # 128 random bits
MOST_FEEDS = 10  # addresses of one instructor or location that work at a time


class TooManyFeeds(DomainError):
    code = "too_many_feeds"
    message = _("There are %(most)s addresses already. Please end one that you do not use any more.")


def create_feed(*, of: Instructor | Location, by: User) -> tuple[FeedToken, str]:
    """Make an address of the feed of `of`; return its row and its token, this once: only the hash is kept.

    Raises TooManyFeeds.
    """
    owner = {"instructor": of} if isinstance(of, Instructor) else {"location": of}
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        type(of)._default_manager.select_for_update(no_key=True).get(pk=of.pk)
        if FeedToken.objects.live().filter(**owner).count() >= MOST_FEEDS:
            raise TooManyFeeds(most=MOST_FEEDS)
        feed = FeedToken.objects.create(token_hash=FeedToken.hash_of(token), created_by=by, **owner)
    return feed, token


def revoke_feed(*, feed: FeedToken) -> bool:
    """End an address at once. False when it had ended before."""
    return bool(FeedToken.objects.live().filter(pk=feed.pk).update(revoked_at=clock.now()))
