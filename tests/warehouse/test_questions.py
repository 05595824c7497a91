"""docs/questions.md: each question is asked, and its answer is the one on the page."""

from io import StringIO

import pytest

from cli.questions.query import ask
from cli.site.reference.questions import PAGE, Question, read_questions
from tests.beginnings import PACKAGE, begin_with

QUESTIONS = read_questions(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def warehouse(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What `make warehouse` builds."""
    begin_with(PACKAGE, tmp_path_factory.mktemp("questions"))


def test_the_page_has_questions() -> None:
    assert len(QUESTIONS) >= 20
    assert [question.number for question in QUESTIONS] == list(range(1, len(QUESTIONS) + 1))
    assert PAGE.read_text(encoding="utf-8").count("\n## ") == len(QUESTIONS)


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
def test_the_answer_is_that_of_the_page(question: Question) -> None:
    answer = StringIO()
    ask(question.sql, "csv", answer)
    assert answer.getvalue().splitlines() == question.stated.splitlines()
