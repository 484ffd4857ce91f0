"""A text as it may have stood before it was printed, scanned, tagged or escaped.

Words that a line's end cuts in two are joined, page numbers and running heads taken out, tags and a string's escapes
undone. None of that is sure - `well-` at a line's end may be `well-known` - so both are looked at, the text as it
stands and this.
"""

import regex

_CUT_WORD = regex.compile(r"(?<=\p{L})[-\u00ad\u2010\u00ac][ \t]*\r?\n\s*(?=\p{Ll})")
_PAGE = regex.compile(
    # 27, [27], - 27 -, page 27, xii
    r"[-\[({|*—–~. ]*(?:[Pp](?:age|g|p)?\.?\s*)?(?:\d{1,4}|[ivxlc]{1,7}|[IVXLC]{1,7})[-\])}|*—–~. ]*"
    r"|[\[({]?\s*\d{1,4}\s+[\p{Lu}][\p{Lu}\d\s.,:;'’&-]*"  # 27 THE MILL ON THE FLOSS
    r"|[\p{Lu}][\p{Lu}\s.,:;'’&-]*\s\d{1,4}\s*[\])}]?"
)
_LONGEST_HEAD = 60  # characters of a line that is a page number with a running head
_INLINE_PAGE = regex.compile(r"[\[({]\s*(?:pages?|pg|pp?)\b[.:]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[\])}]", regex.IGNORECASE)
_WITHIN_WORDS = regex.compile(
    r"</?(?:hi|i|b|u|em|strong|span|a|sup|sub|small|emph|lb|font)\b[^<>]{0,200}>", regex.IGNORECASE
)
_TAG = regex.compile(r"</?[A-Za-z][^<>]{0,200}>")
_ESCAPED = regex.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPES = regex.compile(r"\\[nrt\"'/\\]")
_STRING = "\\n", '\\"', "\\u", "\\t", "\\r"


def mended(text: str) -> str:
    """The text without traces of print, markup and escapes; the text itself where it has none."""
    if any(sign in text for sign in _STRING):
        text = _ESCAPES.sub(" ", _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
    if "<" in text:
        text = _TAG.sub(" ", _WITHIN_WORDS.sub("", text))
    if "\n" in text:
        text = _CUT_WORD.sub("", _without_pages(text))
    return _INLINE_PAGE.sub(" ", text) if "p" in text or "P" in text else text


def _without_pages(text: str) -> str:
    """Without the lines that are page numbers and running heads, and the blank lines around them."""
    lines = [line.strip() for line in text.split("\n")]
    pages = [0 < len(line) <= _LONGEST_HEAD and _PAGE.fullmatch(line) is not None for line in lines]
    if not any(pages):
        return text
    kept: list[str] = []
    is_behind = False
    for line, is_page in zip(lines, pages, strict=True):
        if is_page:
            while kept and not kept[-1]:
                kept.pop()
        elif line or not is_behind:
            kept.append(line)
        is_behind = is_page or (is_behind and not line)
    return "\n".join(kept)
