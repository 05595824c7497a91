"""What models say of flights before it is known: how likely each is to be late (docs/delay_model.md).

A file says of each flight once per version of a model. What was said first counts: a later file does not
rewrite it (fct_delay_predictions).
"""

from ingestion.source import Dataset, Source, names

PREDICTIONS = Source(
    "predictions",
    (
        Dataset(
            "delays",
            names(
                "model_version flight_key flight_month predicted_at is_training_month probability low high"
            ),
            form="predictions of delays",
        ),
    ),
)
