"""docs/questions.md: each question is asked, and its answer is the one on the page."""

import re
from io import StringIO

import pytest

from cli.questions.query import ask
from tests.beginnings import PACKAGE, begin_with
from tests.projects import PROJECT

PAGE = (PROJECT / "docs" / "questions.md").read_text(encoding="utf-8")
QUESTION = re.compile(r"(?ms)^## (\d+\. [^\n]+)\n(.*?)(?=^## |\Z)")
PARTS = re.compile(r"(?s)```sql\n(.*?)\n```\n\n```csv\n(.*?)\n```")


def questions() -> list[tuple[str, str, str]]:
    """Heading, SQL and answer of each question."""
    found = []
    for heading, text in QUESTION.findall(PAGE):
        parts = PARTS.search(text)
        assert parts, f"{heading}: has no SQL with its answer"
        found.append((heading, *parts.groups()))
    return found


@pytest.fixture(scope="module")
def warehouse(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What `make warehouse` builds."""
    begin_with(PACKAGE, tmp_path_factory.mktemp("questions"))


def test_the_page_has_questions() -> None:
    asked = questions()
    assert len(asked) >= 20
    assert [int(heading.partition(".")[0]) for heading, _, _ in asked] == list(range(1, len(asked) + 1))
    assert len(re.findall("(?m)^## ", PAGE)) == len(asked)


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(("question", "expected"), [(sql, answer) for _, sql, answer in questions()])
def test_the_answer_is_that_of_the_page(question: str, expected: str) -> None:
    answer = StringIO()
    ask(question, "csv", answer)
    assert answer.getvalue().splitlines() == expected.splitlines()
