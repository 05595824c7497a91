"""What people need who run the warehouse: backups, and room on the disk."""
