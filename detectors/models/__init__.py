"""Model files: the table of them, where they are on this machine, fetched, taken in and verified."""
