"""Which models there are, what they cost, and what of them is computed in another way than transformers does."""
