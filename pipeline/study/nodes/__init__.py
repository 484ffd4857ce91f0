"""The stage graph's nodes: what each stage is asked for, and which room's verb answers."""
