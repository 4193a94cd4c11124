"""What a reader of Markdown sees, with markdown-it-py as the referee."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

# Raw HTML passes, so that it shows up as tags; a newline breaks the line, as in GitHub's comments.
_MARKDOWN = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(
    ["table", "strikethrough"]
)
HARMLESS_TAGS = {"p", "br", "strong", "ul", "ol", "li", "code", "pre", "sub", "span"}
# What GitHub makes something of after it has rendered: outside of code, and in one piece of text.
_ACTS = re.compile(
    r"@\w|#\w|://|\bwww\.|\bGH-\d|\bGHSA-\w|\b[A-Z]+-\d"
    r"|(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])|\$.|.\$",
    re.IGNORECASE | re.DOTALL,
)


class Rendered(HTMLParser):
    """`prose` and `code` are its pieces of text."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.comments: list[str] = []
        self.prose: list[str] = []
        self.code: list[str] = []
        self._within: list[str] = []
        self._broken = True
        self.feed(_MARKDOWN.render(markdown))
        self.close()

    @property
    def text(self) -> str:
        """In one line, without the spaces that nobody sees."""
        return " ".join("".join(self.prose + self.code).replace("\u200b", "").split())

    @property
    def acting(self) -> list[str]:
        return [text for text in self.prose if _ACTS.search(text)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._within += [tag] if tag != "br" else []
        self._broken = True

    def handle_endtag(self, tag: str) -> None:
        assert tag == "br" or self._within.pop() == tag
        self._broken = True

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        pieces = self.code if "code" in self._within else self.prose
        if self._broken or not pieces:
            pieces.append(data)
        else:
            pieces[-1] += data
        self._broken = False
