"""The pages behind `type` of our errors: what a code means and what to do, in the reader's language.

`problems.json` beside this module is the catalogue; a test holds the reference in docs/ to the same words.
"""

import json
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

CATALOGUE = Path(__file__).with_name("problems.json")
_CODE = re.compile(r"`([^`]+)`")
_PORTUGUESE = re.compile(r"\s*pt\b", re.IGNORECASE)
_WORDS = {
    "en": {"title": "Problem", "status": "HTTP status", "back": "Back to JARVIS", "api": "REST API"},
    "pt-BR": {"title": "Problema", "status": "Status HTTP", "back": "Voltar ao JARVIS", "api": "API REST"},
}
_PAGE = """<!doctype html>
<html lang="{language}" data-theme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{code} · JARVIS</title>
<link rel="icon" href="/favicon.svg">
<link rel="stylesheet" href="/theme.css">
<style>
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; box-sizing: border-box;
  background: var(--mega-bg); color: var(--mega-text); font: 16px/1.6 Inter, system-ui, sans-serif; }}
main {{ max-width: 60ch; background: var(--mega-surface); border: 1px solid var(--mega-border); border-radius: 12px;
  padding: 32px; }}
h1 {{ margin: 0 0 16px; font-size: 24px; line-height: 1.3; overflow-wrap: anywhere; }}
.of {{ color: var(--mega-text-secondary-sm); font-size: 14px; margin: 0 0 4px; }}
code {{ font-family: "JetBrains Mono", ui-monospace, monospace; font-size: .92em; }}
a {{ color: var(--mega-text); }}
</style>
</head>
<body>
<main>
<p class="of">{title}{status}</p>
<h1><code>{code}</code></h1>
<p>{meaning}</p>
<p class="of"><a href="/">{back}</a> · <a href="/v1/docs">{api}</a></p>
</main>
</body>
</html>
"""


def install(app: FastAPI) -> None:
    """Add the pages, open to everybody: an error may be the first thing that somebody sees."""
    app.add_api_route("/problems/{code}", explain, include_in_schema=False, response_class=HTMLResponse)


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """Of each code its HTTP status (0 where there are several) and its meaning in both languages."""
    return json.loads(CATALOGUE.read_text("utf-8"))


def explain(code: str, request: Request) -> HTMLResponse:
    """The page of one code, which is written with hyphens in addresses."""
    name = code.replace("-", "_")
    if "_" in code or name not in catalogue():
        raise HTTPException(404)
    language = _language(request.headers.get("accept-language", ""))
    return HTMLResponse(_page(name, language), headers={"Vary": "Accept-Language", "Content-Language": language})


def _page(code: str, language: str) -> str:
    known, words = catalogue()[code], _WORDS[language]
    status = f" · {words['status']} {known['status']}" if known["status"] else ""
    meaning = _CODE.sub(r"<code>\1</code>", escape(known[language]))
    shown = {"language": language, "code": code, "status": status, "meaning": meaning}
    return _PAGE.format(**shown, **{name: words[name] for name in ("title", "back", "api")})


def _language(accepted: str) -> str:
    """The first of the reader's languages that we speak, by the weights that the browser gives; English otherwise."""
    wanted = sorted((part.partition(";q=") for part in accepted.split(",")), key=lambda part: -_weight(part[2]))
    spoken = [name.strip() for name, _, _ in wanted if re.match(r"\s*(pt|en)\b", name, re.IGNORECASE)]
    return "pt-BR" if spoken and _PORTUGUESE.match(spoken[0]) else "en"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
