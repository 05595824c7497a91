"""What commands did, in one table of the warehouse, and as events of OpenLineage where somebody listens."""
