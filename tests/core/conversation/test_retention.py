"""How long Conversations are kept, read from one line of text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lmos.core.conversation import InvalidRetention, Retention


@pytest.mark.parametrize(
    ("text", "acme", "anybody_else"),
    [
        ("", None, None),
        ("forever", None, None),
        ("30d", timedelta(days=30), timedelta(days=30)),
        ("90m", timedelta(minutes=90), timedelta(minutes=90)),
        ("36h", timedelta(hours=36), timedelta(hours=36)),
        ("9999w", timedelta(weeks=9999), timedelta(weeks=9999)),
        ("30d,acme=1w", timedelta(weeks=1), timedelta(days=30)),
        ("30d,acme=forever", None, timedelta(days=30)),
        ("acme=7d", timedelta(days=7), None),
        (" acme = 7d , 30d ,", timedelta(days=7), timedelta(days=30)),
    ],
)
def test_an_age_is_for_all_tenants_or_for_one(
    text: str, acme: timedelta | None, anybody_else: timedelta | None
) -> None:
    retention = Retention.parse(text)

    assert (retention.of("acme"), retention.of("umbrella")) == (acme, anybody_else)
    assert retention.is_limited == (acme is not None or anybody_else is not None)


def test_the_name_of_a_tenant_may_hold_a_sign_of_equality() -> None:
    assert Retention.parse("a=b=7d").of("a=b") == timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("30", "'30' is no age"),
        ("0d", "'0d' is no age"),
        ("-1d", "'-1d' is no age"),
        ("1.5d", "'1.5d' is no age"),
        ("10000d", "'10000d' is no age"),
        ("30 days", "'30 days' is no age"),
        ("30d,acme", "'acme' is no age"),
        ("acme=", "'' is no age"),
        ("=7d", "'=7d' names no Tenant"),
        ("30d,7d", "'7d' is the second age"),
        ("acme=7d,acme=8d", "'acme=8d' is the second age"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidRetention) as caught:
        Retention.parse(text)

    assert says in caught.value.message
    assert "acme=7d" in caught.value.hint
