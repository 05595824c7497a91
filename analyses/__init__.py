"""What can be made of the marts, as worked examples: they read what readers see, and nothing else."""
