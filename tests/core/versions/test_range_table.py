"""The truth table of the original, and the rows in which we do as Ivy, Maven and npm define."""

import pytest

from lmos.core.versions import InvalidRange, Range, Version

RELEASES = (
    "0.0.4 0.2.5 0.9.9 1.0.0 1.0.1 1.1.0 1.2.0 1.2.3 1.2.9 1.3.0 1.5.0 1.9.9 2.0.0 2.0.1 2.5.0 3.0.0"
).split()
OTHERS = ["1.0.0-alpha", "1.0.0-beta", "2.0.0-rc.1", "1.0.0+build5"]
BUILD = "1.0.0+build5"


def between(first: str, last: str) -> list[str]:
    """The releases from `first` to `last`, and the build of 1.0.0 with it."""
    found = RELEASES[RELEASES.index(first) : RELEASES.index(last) + 1]
    return [*found, BUILD] if "1.0.0" in found else found


ORIGINAL = [
    (["1.0.0", "=1.0.0", "v1.0.0", "1.0.0+build"], ["1.0.0", BUILD]),
    ([">=1.0.0", ">=1", "[1.0,)"], between("1.0.0", "3.0.0")),
    ([">1.0.0", "]1.0,)"], between("1.0.1", "3.0.0")),
    (["<2.0.0", "(,2.0["], between("0.0.4", "1.9.9")),
    (["<=2.0.0", "(,2.0]"], between("0.0.4", "2.0.0")),
    (
        [">=1.0.0 <2.0.0", ">= 1.0.0 < 2.0.0", "1.x", "1.X", "1", "~1", "^1", "[1.0,2.0["],
        between("1.0.0", "1.9.9"),
    ),
    (["1.2.x", "1.2.*", "1.2", "~1.2", "=1.2"], ["1.2.0", "1.2.3", "1.2.9"]),
    (["~1.2.3", "~>1.2.3"], ["1.2.3", "1.2.9"]),
    (["^1.2.3"], between("1.2.3", "1.9.9")),
    (["^0.2.5"], ["0.2.5"]),
    (["^0.0.4"], ["0.0.4"]),
    (["[1.0,2.0]", "[1,2]", "[1.0.0,2.0.0]", "1.0.0 - 2.0.0"], between("1.0.0", "2.0.0")),
    (["]1.0,2.0]"], between("1.0.1", "2.0.0")),
    (["]1.0,2.0["], between("1.0.1", "1.9.9")),
    ([">1"], between("2.0.0", "3.0.0")),
    ([">1.2"], between("1.3.0", "3.0.0")),
    (["<=1.2"], between("0.0.4", "1.2.9")),
    (["<1.2"], between("0.0.4", "1.1.0")),
    (["<1"], between("0.0.4", "0.9.9")),
    (["1.0.0 || 2.0.0"], ["1.0.0", "2.0.0", BUILD]),
    (["^1.0.0 || ^2.0.0"], between("1.0.0", "2.5.0")),
    (["*", "", "latest", "latest.integration"], [*RELEASES, BUILD]),
    (["1.0.0-alpha"], ["1.0.0-alpha"]),
    ([">=1.0.0-alpha"], [*between("1.0.0", "3.0.0"), "1.0.0-alpha", "1.0.0-beta"]),
    (["1.0 - 2.0"], between("1.0.0", "2.0.1")),
]
MENDED = [
    (["x", "X", "(,)"], [*RELEASES, BUILD]),
    (["[1.0]", "[1.0.0]"], ["1.0.0", BUILD]),
    (["[1.0, 2.0]", "[ 1.0 , 2.0 ]"], between("1.0.0", "2.0.0")),
    (["(1.0,2.0)"], between("1.0.1", "1.9.9")),
    (["[1.0,2.0)"], between("1.0.0", "1.9.9")),
    (["(1.0,2.0]"], between("1.0.1", "2.0.0")),
    (["[1.0,2.0],[3.0,4.0]"], [*between("1.0.0", "2.0.0"), "3.0.0"]),
    (["(,1.0],[2.5,)"], [*between("0.0.4", "1.0.0"), "2.5.0", "3.0.0"]),
    (["^0", "^0.x"], between("0.0.4", "0.9.9")),
    (["^0.0"], ["0.0.4"]),
    (["^1.2.3 <1.5.0", "<1.5.0 ^1.2.3"], ["1.2.3", "1.2.9", "1.3.0"]),
    ([">*", "<*"], []),
]


def rows(table: list[tuple[list[str], list[str]]]) -> list[tuple[str, list[str]]]:
    return [(text, satisfying) for texts, satisfying in table for text in texts]


@pytest.mark.parametrize(("text", "satisfying"), rows(ORIGINAL))
def test_a_range_is_satisfied_as_in_the_original(text: str, satisfying: list[str]) -> None:
    assert {one for one in RELEASES + OTHERS if Version.parse(one) in Range.parse(text)} == set(satisfying)


@pytest.mark.parametrize(("text", "satisfying"), rows(MENDED))
def test_a_quirk_is_mended_as_ivy_maven_and_npm_define(text: str, satisfying: list[str]) -> None:
    assert {one for one in RELEASES + OTHERS if Version.parse(one) in Range.parse(text)} == set(satisfying)


@pytest.mark.parametrize(
    "text",
    [
        *("abc", "!=1.0.0", "1.0.0,2.0.0", "1.0.0 ^", ">>1", "> =1", "01.0.0", "1.2.3.4", "1.2^3", "1.0.0 -"),
        *("[1.0", "[2.0,1.0]", "[,]", "[]", "[1.0)", "[1.0,2.0][3.0,4.0]", "[1.0,2.0],", "[1.0,2.0] <1.5"),
        "1.0.0 || abc",
        "1" * 300,
    ],
)
def test_a_range_that_cannot_be_read_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidRange) as caught:
        Range.parse(text)

    assert "^1.2.0" in caught.value.hint
