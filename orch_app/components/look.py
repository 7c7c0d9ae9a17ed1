"""How the whole application looks: what `rx.App` needs so that only our own stylesheets and words are used."""

from typing import Any

import reflex as rx

STYLESHEETS = [
    "/theme.css",
    *(
        f"/css/{name}.css"
        for name in (
            "fonts",
            "base",
            "shell",
            "parts",
            "forms",
            "log",
            "login",
            "pages",
            "jobs",
            "tables",
            "pipelines",
            "plan",
            "containers",
            "phone",
        )
    ),
]


def look() -> dict[str, Any]:
    """Keyword arguments for `rx.App`: stylesheets, document head, no Radix theme, no toaster, no overlay of Reflex."""
    return {
        "stylesheets": STYLESHEETS,
        "head_components": [
            rx.el.script(src="/boot.js"),
            rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
            rx.el.link(
                rel="preload",
                href="/fonts/inter-latin-400-normal.woff2",
                custom_attrs={"as": "font"},
                type="font/woff2",
                cross_origin="anonymous",
            ),
            rx.el.meta(name="color-scheme", content="dark light"),
        ],
        "html_lang": "pt-BR",
        "html_custom_attrs": {"data-theme": "dark"},
        "toaster": None,
        "app_wraps": {},
    }
