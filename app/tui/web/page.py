"""The page that the app is in. All it needs comes from this machine."""

from __future__ import annotations

from typing import Final

PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>casparian</title>
<link rel="stylesheet" href="/static/css/xterm.css">
<script src="/static/js/textual.js"></script>
<script src="/page.js"></script>
<style>
@font-face {
  font-family: "Roboto Mono";
  src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf");
  font-weight: 100 700;
}
@font-face {
  font-family: "Roboto Mono";
  src: url("/static/fonts/RobotoMono-Italic-VariableFont_wght.ttf");
  font-weight: 100 700;
  font-style: italic;
}
html, body { margin: 0; height: 100%; background: #121212; color: #e0e0e0; }
body { font-family: "Roboto Mono", monospace; }
#terminal { height: 100vh; }
.note { display: none; position: absolute; inset: 0; z-index: 10; background: #121212;
  align-items: center; justify-content: center; gap: 2ch; }
body:not(.-first-byte) .begins, body.-closed .over { display: flex; }
a { color: #5ba3dd; }
</style>
</head>
<body>
<div class="note begins">casparian begins…</div>
<div class="note over">It has ended. <a href="/">Begin again</a></div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="SOCKET"
  data-font-size="16"></div>
</body>
</html>
"""


#: Keys go to the app at once, not only after a click into it.
SCRIPT: Final = """addEventListener("load", () => {
  document.querySelector(".xterm-helper-textarea")?.focus();
});
"""


def page(socket_url: str) -> str:
    """Return the page; it talks to the app by a websocket."""
    return PAGE.replace("SOCKET", socket_url)
