"""Frames for people: each module turns one kind of frame into tables of the page.

Reading order: `grids`, `contrasts`, `families`, `data` (cards and mixes), `origins` (cost and provenance).
"""
