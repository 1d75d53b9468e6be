"""Laws of ranges, and a second matcher that is too simple to be wrong in the same way."""

import re

from hypothesis import given
from hypothesis import strategies as st

from lmos.core.versions import Range, Version

numbers = st.integers(0, 3)
releases = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
versions = st.builds("{}{}".format, releases, st.sampled_from(["", "", "-alpha", "-beta.2"]))
partials = st.one_of(
    versions,
    st.builds("{}.{}".format, numbers, numbers),
    st.builds("{}.x".format, numbers),
    numbers.map(str),
)
comparators = st.builds("{}{}".format, st.sampled_from(["", "=", ">", ">=", "<", "<=", "~", "^"]), partials)
conjunctions = st.lists(comparators, min_size=1, max_size=3).map(" ".join)
pairs = st.tuples(releases, releases).map(lambda pair: sorted(pair, key=Version.parse))
intervals = st.builds(
    lambda opening, pair, closing: f"{opening}{pair[0]},{pair[1]}{closing}",
    st.sampled_from("[]("),
    pairs,
    st.sampled_from("[])"),
)
ranges = st.lists(st.one_of(conjunctions, intervals), min_size=1, max_size=2).map(" || ".join)


def satisfies(version: str, text: str) -> bool:
    return Version.parse(version) in Range.parse(text)


@given(versions)
def test_a_version_satisfies_its_own_exact_range(version: str) -> None:
    assert satisfies(version, version)
    assert satisfies(version, f"={version}")


@given(versions, ranges, ranges)
def test_a_union_holds_exactly_its_parts(version: str, one: str, other: str) -> None:
    assert satisfies(version, f"{one} || {other}") == (satisfies(version, one) or satisfies(version, other))


@given(releases, comparators, comparators)
def test_comparators_side_by_side_hold_together(version: str, one: str, other: str) -> None:
    assert satisfies(version, f"{one} {other}") == (satisfies(version, one) and satisfies(version, other))


@given(releases, partials)
def test_less_and_not_less_are_complements_for_releases(version: str, partial: str) -> None:
    assert satisfies(version, f"<{partial}") != satisfies(version, f">={partial}")
    assert satisfies(version, f">{partial}") != satisfies(version, f"<={partial}")


@given(releases, partials)
def test_a_tilde_is_never_wider_than_a_caret_from_one_on(version: str, partial: str) -> None:
    if not partial.startswith("0"):
        assert satisfies(version, f"~{partial}") <= satisfies(version, f"^{partial}")


@given(versions, ranges)
def test_the_naive_matcher_agrees(version: str, text: str) -> None:
    assert satisfies(version, text) == naive(version, text)


def naive(version: str, text: str) -> bool:
    return any(naive_part(version, part.strip()) for part in text.split("||"))


def naive_part(version: str, part: str) -> bool:
    interval = re.fullmatch(r"([\[\](])(.*),(.*)([\[\])])", part)
    if interval:
        opening, lower, upper, closing = interval.groups()
        part = f"{'>=' if opening == '[' else '>'}{lower} {'<=' if closing == ']' else '<'}{upper}"
    comparators = part.split()
    if "-" in version and not any(bare(version) == bare(one) for one in comparators if "-" in one):
        return False
    return all(naive_comparator(key(version), one) for one in comparators)


def bare(comparator: str) -> str:
    return comparator.lstrip("<>=~^").split("-")[0]


def key(version: str) -> tuple[list[int], int, str]:
    """Comparable for the prereleases drawn here: alpha before beta before the release."""
    number, _, prerelease = version.partition("-")
    return [int(part) for part in number.split(".")], not prerelease, prerelease


def naive_comparator(version: tuple[list[int], int, str], comparator: str) -> bool:
    operator = comparator[: len(comparator) - len(comparator.lstrip("<>=~^"))]
    text = comparator[len(operator) :].removesuffix(".x")
    given = [int(part) for part in text.partition("-")[0].split(".")]
    number, start = version[0], version[0][: len(given)]
    floor = key(".".join([*map(str, given), "0", "0"][:3]) + text[len(text.partition("-")[0]) :])
    following = ([*given[:-1], given[-1] + 1, 0, 0][:3], True, "")
    is_complete = len(given) == 3
    caret = next((place for place, part in enumerate(given) if part), len(given) - 1) + 1
    tilde = min(len(given), 2)
    return {
        "^": version >= floor and number[:caret] == given[:caret],
        "~": version >= floor and number[:tilde] == given[:tilde],
        ">=": version >= floor,
        "<": version < floor if is_complete else start < given,
        ">": version > floor if is_complete else version >= following,
        "<=": version <= floor if is_complete else start <= given,
    }.get(operator, version == floor if is_complete else version >= floor and start == given)
