"""`ontime explain`: a figure and its proof, down to the lines of the files and back by an independent path.

subject.py       what is asked, found in the metrics (definitions.py) and the marts (marts.py)
population.py    which flights a figure is of
measures.py      each figure in SQL of its own
raw/             the figure from raw text: which file counts, what its text means
account.py       what went in, what did not and why
provenance.py    files, releases, fingerprints, raw lines
agreement.py     what BTS publishes for the same
explanation.py   the answer, of the parts in proof.py; words.py says it to people
"""

from cli.questions.explain.explain import explain
from cli.questions.explain.explanation import Explanation
from cli.questions.explain.sessions import opened_session

__all__ = ["Explanation", "explain", "opened_session"]
