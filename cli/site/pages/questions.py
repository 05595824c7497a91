"""Questions and answers: docs/questions.md with what the marts answer today."""

from cli.site.marts import Marts
from cli.site.page import Page
from cli.site.reference.questions import PAGE, ask, read_questions


def page(marts: Marts) -> Page:
    asked = [ask(marts, question) for question in read_questions(PAGE.read_text(encoding="utf-8"))]
    return Page(
        name="questions",
        title="Questions",
        description="What people ask of on-time data: each question with its answer of today and its SQL.",
        template="questions.html.jinja",
        context={"asked": asked},
        scripts=("reference.js",),
        styles=("reference.css",),
    )
