"""The pages of the site, in the order of its navigation.

A page is a function that is given the marts and returns a Page; it gets a module here, a template in
`../templates`, its SQL in `../queries`, and a line below. The first one is what opens the site.
"""

from collections.abc import Callable

from cli.site.marts import Marts
from cli.site.page import Page
from cli.site.pages import dictionary, lineage, quality, questions, report, restated, start

PAGES: tuple[Callable[[Marts], Page], ...] = (
    start.page,
    report.page,
    restated.page,
    questions.page,
    dictionary.page,
    lineage.page,
    quality.page,
)
