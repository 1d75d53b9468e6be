"""Versions are read as semver 2.0.0 defines them, a little more kindly, and ordered by precedence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.versions import InvalidVersion, Version

identifiers = st.from_regex(r"(0|[1-9][0-9]{0,3}|[a-z-][0-9a-z-]{0,3})", fullmatch=True)
versions = st.builds(
    Version,
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.lists(identifiers, max_size=2).map(tuple),
    st.sampled_from(["", "a", "b.1"]),
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("  1.2.3 ", "1.2.3"),
        ("1.2.3-rc.1+build.5", "1.2.3-rc.1+build.5"),
        ("1.0.0-0a", "1.0.0-0a"),
        ("1.0", "1.0.0"),
        ("1", "1.0.0"),
        ("v2", "2.0.0"),
    ],
)
def test_a_version_is_read_with_some_tolerance(text: str, canonical: str) -> None:
    assert str(Version.parse(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one",
        "01.0.0",
        "1.0.0.0",
        "V1.0.0",
        "1.0-alpha",
        "1.0.0-",
        "1.0.0-01",
        "1..0",
        "-1.0.0",
        "\u0661.0.0",
    ],
)
def test_what_is_no_version_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidVersion) as caught:
        Version.parse(text)

    assert repr(text) in caught.value.message
    assert "1.2.0" in caught.value.hint


def test_an_endless_version_is_refused_without_repeating_it() -> None:
    with pytest.raises(InvalidVersion) as caught:
        Version.parse("1" * 5000)

    assert len(caught.value.message) < 100


def test_precedence_follows_the_example_of_semver() -> None:
    ascending = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.10.0",
    ]

    assert [str(version) for version in sorted(map(Version.parse, reversed(ascending)))] == ascending


def test_builds_of_one_version_are_equal_and_hash_alike() -> None:
    one, other = Version.parse("1.0.0+a"), Version.parse("1.0.0+b")

    assert one == other
    assert hash(one) == hash(other)
    assert str(one) != str(other)


@given(versions)
def test_a_version_reads_back_as_itself(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert str(Version.parse(str(version))) == str(version)


@given(versions, versions)
def test_exactly_one_of_less_equal_greater_holds(one: Version, other: Version) -> None:
    assert [one < other, one == other, one > other].count(True) == 1
    assert (one == other) <= (hash(one) == hash(other))


@given(versions, versions, versions)
def test_order_is_transitive(a: Version, b: Version, c: Version) -> None:
    low, middle, high = sorted([a, b, c])

    assert low <= middle <= high
    assert low <= high


@given(versions)
def test_a_prerelease_comes_before_its_release(version: Version) -> None:
    assert version.is_prerelease == (version < Version(*version.release))
