"""From a command line to typed parts: Hydra's groups, the schema, and what mistakes are told as."""
