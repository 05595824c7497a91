"""Extract and land: what the sources say, as text, with its lineage. Knows nothing of dbt or Airflow."""
