"""Figures, one module a kind. `draw` holds what they share: colours, fonts, and the two ways of saving.

Matplotlib's object interface only: no global figure, no display.
"""
