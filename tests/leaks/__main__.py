"""Certify that features and model know nothing of the future: `make leak-check`.

    python -m tests.leaks                      10,000 flights of the warehouse that is up
    python -m tests.leaks --flights 500 --seed 7

Exit code 1 when anything moved, or a planted leak was not found. Learns a model first, of all columns that
the card's model has, with fewer trees: it is learned four times, and more trees would not know more.
"""

import argparse
import sys

from analyses.delay_model.data import read
from analyses.delay_model.run import learn
from analyses.delay_model.split import by_months
from analyses.delay_model.train import TRIALS, Trial
from ingestion.errors import OntimeError
from tests.leaks.certificate import certify
from tests.leaks.world import read_world

TRIAL = Trial("of the certificate", history=True, settings=TRIALS[-1].settings | {"max_iter": 60})


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.leaks", description=__doc__.splitlines()[0])
    parser.add_argument("--flights", type=int, default=10_000, help="how many are drawn (10000)")
    parser.add_argument("--seed", type=int, default=17, help="of the draw (17)")
    asked = parser.parse_args()
    try:
        frame = read()
        model, _ = learn(frame, by_months(frame), [TRIAL])
        certificate = certify(read_world(), frame, model, asked.flights, asked.seed)
    except OntimeError as error:
        print(f"error: {error}\n  -> {error.remedy}", file=sys.stderr)
        return 1
    print(f"model: {model.version}, draw: {asked.seed}\n{certificate}")
    return 0 if certificate.holds else 1


if __name__ == "__main__":
    sys.exit(main())
