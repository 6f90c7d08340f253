"""A playground on a page of its own, and waiting for it."""


def standalone(widget, dark=False):
    """The page that an exported notebook with this one playground would be."""
    color = "#111111" if dark else "#ffffff"
    text = "#eeeeee" if dark else "#222222"
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Playground</title>'
    shown = widget.still()[0]["text/html"]
    return f'{head}</head><body style="background:{color};color:{text}"><main><h1>Playground</h1>{shown}</main></body></html>'


def settle(tab):
    """Wait for two pictures, and for what waits for quiet."""
    tab.wait_for_timeout(500)
    tab.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
