"""Weather reports of airports (ASOS and AWOS) from the Iowa Environmental Mesonet, public domain.

Asked for by ingestion/apis/iem.py; airport and station of a file are in its request.
"""

from ingestion.source import Dataset, Source, names

IEM = Source(
    "iem",
    (
        Dataset(
            "asos",
            names("station valid tmpf dwpf relh drct sknt gust p01i mslp vsby wxcodes metar"),
            form="ASOS reports",
            may_be_empty=True,
        ),
    ),
    is_asked=True,
)
