"""Files of questions with their right answers."""

import pytest

from lmos.router.questions import NoQuestions, Question, UnusableQuestion, read_questions
from tests.router.rosters import ROSTER


def read(*lines: str) -> tuple[Question, ...]:
    return read_questions([line.encode() for line in lines], ROSTER, source="questions.jsonl")


def test_a_line_says_who_should_answer() -> None:
    (question,) = read(
        '{"text": "my bill?", "agent": "billing", "capability": "view-bill", "language": "en"}'
    )

    assert (question.text, question.agent, question.capability) == ("my bill?", "billing", "view-bill")


def test_null_is_out_of_scope_and_what_is_not_known_may_be_left_out() -> None:
    (question,) = read('{"text": "cook", "agent": null, "capability": null, "history": null, "id": 7}')

    assert (question.agent, question.capability, question.language, question.history) == (None, "", "", ())


def test_history_is_texts_of_the_user_or_messages() -> None:
    (question,) = read(
        '{"text": "and October?", "agent": "billing", "history": ["my bill?",'
        ' {"role": "assistant", "content": "42 euros", "agent": "billing"}]}'
    )

    assert [(said.role, said.content, said.agent) for said in question.history] == [
        ("user", "my bill?", ""),
        ("assistant", "42 euros", "billing"),
    ]


def test_empty_lines_are_passed_over_and_a_byte_order_mark_too() -> None:
    lines = ["\ufeff" + '{"text": "a", "agent": null}', "", "  \n", '{"text": "b", "agent": null}']

    assert [question.text for question in read(*lines)] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ("7", "should be an object"),
        ('{"agent": "billing"}', "text: Field required"),
        ('{"text": "a"}', "agent: Field required"),
        ('{"text": "a", "agent": ""}', "agent"),
        ('{"text": 7, "agent": null}', "text"),
        ('{"text": "a", "agent": null, "history": [7]}', "history[0]"),
        ('{"text": "a", "agent": "payroll"}', "there is no Agent 'payroll'"),
        ('{"text": "a", "agent": null, "history": [{"content": "b", "agent": "payroll"}]}', "payroll"),
        ('{"text": "a", "agent": "billing", "capability": "fly"}', "provides no Capability 'fly'"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_by_its_number(line: str, says: str) -> None:
    with pytest.raises(UnusableQuestion) as caught:
        read('{"text": "a", "agent": null}', "", line)

    assert caught.value.message.startswith("questions.jsonl, line 3: ")
    assert says in caught.value.message
    assert caught.value.hint


def test_bytes_that_are_no_text_are_told_by_their_line() -> None:
    with pytest.raises(UnusableQuestion, match="line 1"):
        read_questions([b"\xff\xfe{"], ROSTER, source="questions.jsonl")


def test_a_file_without_questions_says_what_one_looks_like() -> None:
    with pytest.raises(NoQuestions) as caught:
        read("", " ")

    assert '"agent": "billing"' in caught.value.hint
