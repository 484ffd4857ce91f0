"""Frontload."""
