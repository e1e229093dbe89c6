"""A scene as an HTML page of its own: nothing is fetched, and whoever is disturbed by what moves can stop it."""

from __future__ import annotations

from html import escape

from convista.picture.diagram.shapes import Scene
from convista.picture.diagram.vector import scene_svg
from convista.picture.diagram.words import say

_STYLE = (
    "body{margin:2rem auto;max-width:72rem;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color:#1f2328;"
    "background:#fff}svg{max-width:100%;height:auto}"
    "#stop:checked~figure .moving *{animation-play-state:paused!important}figure{margin:0}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}"
)


def scene_page(scene: Scene) -> str:
    """Return the page: the scene's title, its picture, and its description as text."""
    moving = len(scene.moments) > 1
    switch = f'<input type="checkbox" id="stop"> <label for="stop">{say("stop", scene.language)}</label>'
    return (
        f'<!doctype html>\n<html lang="{scene.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{escape(scene.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(scene.title)}</h1>\n{switch if moving else ''}\n"
        f'<figure class="picture"><div class="moving">\n{scene_svg(scene, animated=moving)}</div>\n'
        f"<figcaption>{escape(scene.description)}</figcaption></figure>\n</body>\n</html>\n"
    )
