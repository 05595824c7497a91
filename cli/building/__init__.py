"""From what changed to published marts, through dbt."""
