"""Airports, runways, countries and regions of the world from ourairports.com (public domain)."""

from ingestion.source import Dataset, Source, names

OURAIRPORTS = Source(
    "ourairports",
    (
        Dataset(
            "airports",
            names(
                """id ident type name latitude_deg longitude_deg elevation_ft continent iso_country iso_region
                municipality scheduled_service icao_code iata_code gps_code local_code home_link
                wikipedia_link keywords"""
            ),
            needs=names("ident type name latitude_deg longitude_deg iso_country iso_region iata_code"),
        ),
        Dataset("countries", names("id code name continent wikipedia_link keywords")),
        Dataset("regions", names("id code local_code name continent iso_country wikipedia_link keywords")),
        Dataset(
            "runways",
            names(
                """id airport_ref airport_ident length_ft width_ft surface lighted closed
                le_ident le_latitude_deg le_longitude_deg le_elevation_ft le_heading_deg_t
                le_displaced_threshold_ft
                he_ident he_latitude_deg he_longitude_deg he_elevation_ft he_heading_deg_t
                he_displaced_threshold_ft"""
            ),
        ),
    ),
)
