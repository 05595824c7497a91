"""What runs when and in which order, for cron, Airflow and Oozie alike."""
