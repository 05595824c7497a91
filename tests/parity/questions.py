"""docs/questions.md asked by beeline, Hive's own command line, of marts that Spark made of the sample."""

import csv
import os
import re
import subprocess
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from io import StringIO
from itertools import zip_longest
from tempfile import NamedTemporaryFile

from cli.site.reference.questions import PAGE, Question, read_questions
from cli.spark import programs
from cli.spark.cluster import Cluster
from cli.spark.publication import BUILT_ON_SPARK

NUMBER = "## "
"""Stands before the answer of each question, with its number, under the header NAME."""
NAME = "question"

PROMPTS = re.compile(r"(?m)^(?:[^\n]*jdbc:hive2://[^>\n]*> |(?:[. ]+> ))+")

Rows = list[list[str]]


@dataclass(frozen=True)
class Answers:
    """Numbers of questions: the answer is that of the page, another, or Spark refuses the SQL."""

    equal: list[int] = field(default_factory=list)
    different: dict[int, str] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        differing = "\n".join(f"  {number}: {how}" for number, how in self.different.items())
        return (
            f"{len(self.equal)} answers are equal, {len(self.different)} different;"
            f" Spark does not have what these use: {self.refused or 'none'}\n{differing}"
        )


def by_beeline(spark: Cluster, statements: str) -> str:
    """What it says of them, tab-separated with a header each; what Spark refuses leaves no trace there."""
    with NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(statements)
        file.flush()
        asked = subprocess.run(
            [
                str(programs.spark_home() / "bin" / "beeline"),
                *("--silent=true", "--force=true", "--outputformat=tsv2"),
                *("-u", f"jdbc:hive2://{spark.address}", "-f", file.name),
            ],
            env=os.environ | {"JAVA_HOME": str(programs.java().resolve().parent.parent)},
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
    return PROMPTS.sub("", asked.stdout)


def ask_the_page(spark: Cluster) -> Answers:
    """All its questions, in one session."""
    questions = read_questions(PAGE.read_text(encoding="utf-8"))
    said = by_beeline(spark, "".join(map(_statements, questions)))
    found: dict[int, Rows] = {}
    for part in said.split(f"\n{NUMBER}")[1:]:
        number, *lines = part.rstrip("\n").split("\n")
        if lines[-1:] == [NAME]:  # of the next one
            del lines[-1]
        found[int(number)] = [line.split("\t") for line in lines]
    answers = Answers()
    for question in questions:
        rows = found.get(question.number, [])
        stated = list(csv.reader(StringIO(question.stated)))
        if not rows:
            answers.refused.append(question.number)
        elif _alike(rows, stated):
            answers.equal.append(question.number)
        else:
            answers.different[question.number] = _first_difference(rows, stated)
    return answers


def _statements(question: Question) -> str:
    number = f"select '{NUMBER}{question.number}' as {NAME};\n"
    return number + re.sub(r"\bmarts\.", f"{BUILT_ON_SPARK}.", question.sql).rstrip().rstrip(";") + ";\n"


def _alike(rows: Rows, stated: Rows) -> bool:
    """Numbers by their value: engines show other numbers of zeros."""
    return [list(map(_value, row)) for row in rows] == [list(map(_value, row)) for row in stated]


def _first_difference(rows: Rows, stated: Rows) -> str:
    """The first line that is another one, as Spark says it and as the page does."""
    pairs = zip_longest(rows, stated, fillvalue=["no such line"])
    said, expected = next((said, expected) for said, expected in pairs if not _alike([said], [expected]))
    return f"{'  '.join(said)}  on Spark, {'  '.join(expected)}  on the page"


def _value(text: str) -> str | Decimal:
    if text == "NULL":
        return ""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text.strip('"')
