"""Texts that would act on GitHub, and pieces of such texts."""

from platform_integration_support.builders import HEAD

HOSTILE = [
    "[a](https://evil.example) [b][c] [c]\n\n[c]: https://evil.example\n[^1]\n\n[^1]: note",
    "![a](https://evil.example/p.png) ![b][c]\n\n[c]: /x",
    "<https://evil.example> <mona@evil.example> <javascript:alert(1)>",
    "see https://evil.example/x?y=1, ftp://evil.example, slack://open, www.evil.example, WWW.a.b",
    "mona@evil.example mailto:mona@evil.example xmpp:mona@evil.example",
    "@mona @acme/admins (@mona) _@mona_ *@mona* \\@mona &#64;mona &commat;mona a@mona",
    "#1 GH-1 gh-1 acme/orders#1 Fixes #2, closes acme/orders#3 &#35;4 TICKET-5 CVE-2026-12345",
    f"{HEAD} {HEAD[:7]} {HEAD[:12]}...{HEAD[:9]} acme/orders@{HEAD} _{HEAD[:8]}_ "
    "GHSA-ab12-cd34-ef56",
    "# a\n## b\nc\n===\nd\n---\n   # e\n- # f\n1. # g",
    "<h1>a</h1><img src=x onerror=alert(1)><script>\nb\n</script><input><details><a href=/x>",
    "<!-- crivo:finding:f9 --> <!-- crivo:review:x:y -->\n<!-- hidden",
    "a `<!-- crivo:review:x:y -->` b\n```html\n<!-- crivo:review:x:y -->\n```",
    "```suggestion\nrm -rf /\n```\n~~~ suggestion\nx\n~~~\n````Suggestion\ny\n````",
    "```python\nnever ended",
    "~~~\nnever ended",
    "a ` b `` c ``` d",
    "````\n```\n`````",
    "> a\n> [!WARNING]\n> b\n\n---\n***\n___\n- - -\n* * *",
    "- [ ] a\n- [x] b\n1. [ ] c",
    "a | b\n--- | ---\nc | d\n\n| a |\n|:-:|\n| b |\n\na | b\n:-- | --:",
    "$a$ $$b$$ $`c`$ `$`d`$` costs $5 or $6\n```math\nx\n```\n```mermaid\nclick a href\n```",
    "/close\n  /approve\n- /lgtm\n```\n/merge\n\t/hold\n```\n`\n/close`",
    "a\r# b\r\n# c\x0b# d\x0c# e\x85# f\u2028# g\u2029# h\n\xa0# i\n\x00# j",
    "    indented\n\tindented\n\\\n\\[a](b) \\<b> \\`c` \\\\[d](e)",
    "` `# a\n` `- b\n`\xa0`# c\n@` `mona #` `1 https:` `//evil.example",
    "</sub></details></summary></span></p>",
    "*a* **b** ~~c~~ ~d~ __e__ _f_ ***g***",
    "\u202etxt.exe\u202c \ud800 \U000e0041",
    "- ```py\n  a = 1\n  ```\n- b",
]
# More than any text may have, so that each is cut as well.
LONG = [
    *(
        piece * (5_000 // len(piece))
        for piece in (
            "`",
            "[",
            "$",
            "\\",
            "<",
            "@",
            "#",
            "*",
            "_",
            "~",
            "a",
            "-",
            "](",
            "![a](",
            "&#",
            "://",
        )
    ),
    *(
        piece * 1_000
        for piece in ("``a", "`a``b", "```\n", "~~~\n", "a-1 ", "abcdef0", "- - ", "1. 1. ")
    ),
    *(piece * 5_000 for piece in "\n \t"),
    "".join("`" * length + "a" for length in range(90)),
    " " * 4_000 + "`" * 999 + "x`",
    "`" * 3_999 + "x",
]
FRAGMENTS = [
    *["`", "``", "```", "````", "~~~", "~", "\\", "\n", "\n\n", "\r", "\t", "    ", " ", "[", "]"],
    *["(", ")", "<", ">", "!", "@", "#", "$", "$$", "*", "**", "_", "-", "--", "=", "+", "|", ":"],
    *["/", "//", "&", "&#64;", "<!--", "-->", "mona", "1", "1.", "http", "www.", "evil.example"],
    *["abcdef", "1234567", "suggestion", "python", "<b>", "crivo:", "[x]", "GH-", "/close", "a"],
    *["\x00", "\x0b", "\u2028", "\u200b", "\xa0", "\u202e", "é", "a_b"],
]
