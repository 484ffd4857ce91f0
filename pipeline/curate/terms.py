"""What a term is worth: sums of products of numbers, brackets and percentages, exactly."""

from fractions import Fraction


def value_of(tokens: list[str]) -> Fraction | None:
    """What a term is worth; None for no term."""
    reader = _Reader(tokens)
    value = reader.sum()
    return value if reader.at == len(tokens) else None


class _Reader:
    """Sums of products of numbers and brackets, read from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at = tokens, 0

    def _take(self, *signs: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at] in signs:
            self.at += 1
            return self.tokens[self.at - 1]
        return ""

    def sum(self) -> Fraction | None:
        value = self.product()
        while value is not None and (sign := self._take("+", "-")):
            other = self.product()
            value = None if other is None else value + other if sign == "+" else value - other
        return value

    def product(self) -> Fraction | None:
        value = self.factor()
        while value is not None and (sign := self._take("*", "/")):
            other = self.factor()
            if other is None or (sign == "/" and not other):
                return None
            value = value * other if sign == "*" else value / other
        return value

    def factor(self) -> Fraction | None:
        if self._take("-"):
            value = self.factor()
            return None if value is None else -value
        if self._take("("):
            value = self.sum()
            value = value if self._take(")") else None
        else:
            value = self._number()
        return value / 100 if value is not None and self._take("%") else value

    def _number(self) -> Fraction | None:
        word = self.tokens[self.at] if self.at < len(self.tokens) else ""
        if not word or not (word[0].isdigit() or word[0] == "."):
            return None
        self.at += 1
        return Fraction(word.replace(",", ""))
