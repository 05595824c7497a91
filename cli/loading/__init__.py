"""From what `ontime load` was told to landed rows."""
