"""How the page and an exported conversation look: a style sheet each, and what they share."""

from __future__ import annotations

from qa.page.reading_style import READING_STYLE
from qa.page.shelf_style import SHELF_STYLE
from qa.page.touch_style import TOUCH_STYLE

ACTIVE_MARK = "background:var(--mark-active);box-shadow:0 0 0 .14em var(--mark-active)"

# System fonts alone: a web font would be a request to another host.
_LIGHT = """
  --sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
  --serif:"Iowan Old Style",Charter,"Palatino Linotype",Palatino,Georgia,
    "Noto Serif","Liberation Serif",serif;
  --ground:#f5f4f1;--sheet:#fffefc;--line:#dddad3;--ink:#1f2328;--ink-soft:#57606a;
  --link:#0b5a72;--mark:#fdeeb0;--mark-old:#f3efe0;--mark-active:#ffd447;--mark-ink:#1f2328;
  --near:#4a7c8c;--card:#f0f3f4;--asked:#eef1f2;--wrong:#b3261e"""
_DARK = """
  --ground:#121416;--sheet:#1a1d20;--line:#34393f;--ink:#e3e6e9;--ink-soft:#a4adb6;
  --link:#7cc7dd;--mark:#4f4416;--mark-old:#2e2c24;--mark-active:#7a6106;--mark-ink:#fbf6e3;
  --near:#7fb3c2;--card:#22282c;--asked:#262b30;--wrong:#f2766d"""
# The cited places in the text of an article.
_MARKS = """
.paper :is(mark,.near){color:var(--mark-ink);border-radius:2px;scroll-margin:20vh 0;
  -webkit-box-decoration-break:clone;box-decoration-break:clone}
.paper mark.old{background:var(--mark-old)}
.paper mark.new{background:var(--mark)}
.paper .near{color:inherit;text-decoration:underline dotted var(--near) 2px;
  text-underline-offset:3px}
.paper .near.old{text-decoration-color:var(--line)}
.paper [data-number]::before{content:"[" attr(data-number) "]";
  font:600 .7em/1 var(--sans);vertical-align:super;color:var(--link);margin-inline-end:.25em}
"""


def _active(place: str) -> str:
    """Return the style of the place that a link was followed to; ``place`` selects it."""
    return (
        f".paper article {place}{{{ACTIVE_MARK};outline:none}}\n"
        f".paper article {place} :is(mark,.near){{background:transparent}}\n"
    )


PAGE_STYLE = (
    """
:root{"""
    + _LIGHT
    + """}
.dark{"""
    + _DARK
    + """}
body,.gradio-container{background:var(--ground)!important}
.gradio-container{--font:var(--sans);--body-text-color:var(--ink);width:100%;
  max-width:1440px!important;margin:0 auto!important;overflow:clip!important;
  font-family:var(--sans);color:var(--ink)}
.gradio-container .main.app{padding:.9rem 1.25rem 1.25rem!important}
.gradio-container .html-container{padding:0!important}

#top{align-items:baseline;gap:1rem;flex-wrap:nowrap}
#top>*{min-width:0!important}
#top>:last-child{flex:none;width:auto}
#top h1{font:600 1.3rem/1.35 var(--sans);color:var(--ink);margin:0}
#top p{margin:0;font-size:.92rem;line-height:1.45;color:var(--ink-soft)}
#top .status{display:flex;align-items:center;gap:.5rem;font-size:.85rem}
.status::before{content:"";flex:none;width:.55rem;height:.55rem;border-radius:50%;
  background:#2e8b57}
.status[data-state=starting]::before{visibility:hidden}
.status[data-state=loading]::before,.status[data-state=busy]::before{
  background:#c58a00;animation:pulse 1.2s ease-in-out infinite}
.status[data-state=failed]::before{background:var(--wrong)}
@keyframes pulse{50%{opacity:.25}}

#chat,#question,.paper,#shelf,#add{background:var(--sheet);border:1px solid var(--line)!important;
  border-radius:10px}
#chat .message,#chat .message *{font-size:1rem;line-height:1.55;color:var(--ink)}
#chat .message-row{padding:.85rem 1.15rem!important;background:var(--sheet)!important;
  border:0!important}
#chat .user-row{background:var(--asked)!important;padding-block:.6rem!important}
#chat .user-row p{font-weight:600}
#chat :is(.message,.flex-wrap){padding:0!important;margin:0!important;opacity:1;
  background:transparent!important}
#chat .message p{margin:0 0 .6rem}
#chat .message p:last-child{margin-bottom:0}
#chat .message a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
#chat .message p a{font-weight:600;text-decoration:none;padding:.1em .15em}
#chat .message p a:hover{text-decoration:underline}
#chat a:focus-visible{outline:2px solid var(--link);outline-offset:1px;border-radius:3px}
#chat .refusal,#chat .problem{border-left:4px solid var(--near);background:var(--card);
  padding:.75rem 1rem;border-radius:0 8px 8px 0}
#chat .problem{border-color:var(--wrong)}
#chat .refusal>p:first-child{font-weight:600}
#chat .refusal ul{margin:0;padding-left:1.1rem;list-style:disc}
#chat .refusal li{margin:.4rem 0 0}
#chat .refusal li,#chat .refusal li *{font-size:.94rem}
#chat .prose{opacity:1}
#chat .sources{margin:.5rem 0 0;display:block}
#chat :is(.sources,.sources *,.foot,.foot *){font-size:.85rem;line-height:1.5;
  color:var(--ink-soft)}
#chat .foot{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;margin:.45rem 0 0}
#chat .foot details[open]{flex-basis:100%}
#chat .foot summary{cursor:pointer;width:fit-content;padding:.1rem 0}
#chat .foot .sure summary{font-weight:600}
#chat :is(.foot summary,.foot button,.edit):focus-visible{outline:2px solid var(--link);
  outline-offset:1px;border-radius:3px}
#chat .foot a{color:var(--link)}
#chat .foot p{margin:.15rem 0 .3rem}
#chat .foot ol{margin:.3rem 0 .5rem;padding-left:1.5rem;list-style:decimal}
#chat .foot li{margin:.45rem 0 0;color:var(--ink);overflow-wrap:anywhere}
#chat :is(.foot button,.edit){background:none;border:0;padding:.1rem 0;margin:0;
  color:var(--link);cursor:pointer}
#chat .edit{font-size:.85rem;margin-left:.4rem}
#chat :is(.foot button,.edit):hover{text-decoration:underline}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
body:has(.status[data-state=busy]) #chat button[aria-label=Clear]{display:none}
#chat .waiting p{color:var(--ink-soft);font-style:italic}
#chat .example{background:var(--card)!important;border-color:var(--line)!important}
#chat .panel-wrap:has(.placeholder-content){flex:1 1 auto;display:flex}
#chat .placeholder-content{flex:1;height:auto;justify-content:center;gap:.25rem}
#chat .placeholder{flex:none;height:auto;font-size:1rem}
#chat .examples{flex:none;margin:0 auto}
#question{padding:.5rem .6rem!important}
#question .submit-button{background:var(--link);color:var(--sheet);font-weight:600;
  min-width:3.2rem}
#question{border-radius:10px!important}
#outbox{display:none}
#tools,.tools{min-height:1.7rem}
.tools{display:flex;flex-wrap:wrap;gap:.35rem .5rem;align-items:center;font-size:.85rem;
  color:var(--ink-soft)}
#tools button{border:1px solid var(--line);background:var(--card);color:var(--link);
  border-radius:999px;padding:.15rem .65rem;font-size:.82rem;font-weight:600;cursor:pointer;
  margin:0;line-height:1.5;min-height:0}
#tools button:hover{text-decoration:underline}
#tools button:focus-visible{outline:2px solid var(--link);outline-offset:1px}
#question textarea{background:transparent!important;border:0;box-shadow:none!important;
  font-size:1rem;color:var(--ink)}
#question textarea::placeholder{color:var(--ink-soft)}
.gradio-container :is(button,input,textarea,summary,[tabindex]):focus-visible{
  outline:2px solid var(--link)!important;outline-offset:1px}
#question textarea:focus-visible{outline:none!important}
.paper:focus-visible{outline-offset:-2px!important}
.toast-body[hidden]{display:none!important}
#trouble:not(:has(p)){display:none}
#trouble .wrong p{color:var(--wrong);font-size:.88rem;margin:0}
#question:focus-within{outline:2px solid var(--link);outline-offset:-1px}

.paper{padding:1.6rem 1.9rem 2.2rem;scroll-behavior:smooth}
.paper article{max-width:70ch;margin:0 auto;overflow-wrap:anywhere;
  font:400 1.06rem/1.65 var(--serif);color:var(--ink)}
#article .paper h2{font:600 1.45rem/1.3 var(--serif);margin:0 0 1.1rem!important;color:var(--ink)}
#article .paper :is(h3,h4,h5,h6){font:600 1.05rem/1.4 var(--sans);margin:1.7rem 0 .55rem;
  color:var(--ink)}
#article .paper p{margin:0 0 .95rem;white-space:pre-line;color:inherit}
.paper summary{cursor:pointer;font:600 1rem/1.5 var(--sans);padding:.5rem 0;color:var(--ink)}
.paper summary+article>h2{display:none}
.paper details[open]>summary{font-size:1.15rem;margin-bottom:.6rem}"""
    + _MARKS
    # The page's script lights the place: a browser's own :target stays behind at another
    # element when Gradio shows the panel anew.
    + _active(".lit")
    + READING_STYLE
    + SHELF_STYLE
    + TOUCH_STYLE
    + """#back{display:none}

@media (min-width:901px){
  .gradio-container .main.app{height:100dvh}
  .gradio-container :is(.main.app,.wrap:has(>.contain),.contain,.contain>.column){
    display:flex;flex-direction:column;flex:1 1 auto;min-height:0}
  .contain>.column>#top{flex:none}
  #columns{flex:1 1 0;min-height:0;align-items:stretch}
  #columns>.column{min-height:0;flex-wrap:nowrap}
  #chat{flex:1 1 0;min-height:0;height:auto!important}
  #question,#add,#tools{flex:none}
  #shelf-column{min-width:15rem!important}
  #shelf{flex:1 1 0!important;min-height:11rem!important;overflow-y:auto!important}
  #article{flex:1 1 0;min-height:0}
  #article :is(.html-container,.prose){height:100%}
  .paper{height:100%;overflow-y:auto}
}
@media (max-width:900px){
  .gradio-container .main.app{padding:.75rem!important}
  #top{flex-direction:column;gap:.35rem}
  #columns{flex-direction:column}
  #columns>*{min-width:0!important;width:100%}
  #chat-column{order:-1}
  #shelf ul{max-height:40dvh;overflow-y:auto}
  #chat{height:60dvh!important;min-height:20rem}
  .paper{padding:1.1rem 1.1rem 1.6rem}
  .paper:has(.lit)~#back{display:block;position:sticky;bottom:.75rem;margin:.75rem 0 0;
    text-align:right}
  #back a{display:inline-block;background:var(--card);color:var(--link);
    border:1px solid var(--line);border-radius:999px;padding:.5rem .95rem;font-size:.9rem;
    text-decoration:none}
}
@media (prefers-reduced-motion:reduce){
  .gradio-container *,.gradio-container *::before{animation:none!important;
    transition:none!important;scroll-behavior:auto!important}
}
"""
)
EXPORT_STYLE = (
    """
:root{color-scheme:light dark;"""
    + _LIGHT
    + """}
@media (prefers-color-scheme:dark){:root{"""
    + _DARK
    + """}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:400 1rem/1.55 var(--sans);
  overflow-wrap:anywhere}
body>header{padding:.9rem 1.25rem}
h1{font-size:1.3rem;line-height:1.35;margin:0}
.where{margin:.2rem 0 0;font-size:.86rem;color:var(--ink-soft)}
a{color:var(--link);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:1px;border-radius:3px}
main{display:grid;gap:1rem;padding:0 1.25rem 1.25rem}
main>:only-child{grid-column:1/-1}
main>*{min-width:0;background:var(--sheet);border:1px solid var(--line);border-radius:10px}
.turn{padding-bottom:1rem}
.turn>*{margin:.75rem 1.15rem 0}
.turn>h2{margin:0;padding:.6rem 1.15rem;background:var(--asked);font-size:1rem;font-weight:600}
.turn:first-child>h2{border-radius:10px 10px 0 0}
.turn>h3{font-size:.86rem;color:var(--ink-soft)}
.answer{white-space:pre-line}
.answer a{font-weight:600;text-decoration:none;padding:.1em .15em}
.answer a:hover{text-decoration:underline}
.refusal{border-left:4px solid var(--near);background:var(--card);padding:.75rem 1rem;
  border-radius:0 8px 8px 0;font-weight:600}
.sources{list-style:none;padding:0}
.sources>li{margin:.6rem 0 0}
.sources>li:target blockquote{"""
    + ACTIVE_MARK
    + """}
blockquote{margin:0;padding-left:.8rem;border-left:3px solid var(--line);white-space:pre-line;
  font-size:.94rem}
.paper{padding:1.6rem 1.9rem 2.2rem;--mark-old:var(--mark)}
.paper article .near.old{text-decoration-color:var(--near)}
.paper article{max-width:70ch;margin:0 auto;font:400 1.06rem/1.65 var(--serif)}
.paper article+article{margin-top:2.5rem;padding-top:2rem;border-top:1px solid var(--line)}
.paper h2{font:600 1.45rem/1.3 var(--serif);margin:0}
.paper header{margin-bottom:1.1rem}
.paper .where{font-family:var(--sans)}
.paper :is(h3,h4,h5,h6){font:600 1.05rem/1.4 var(--sans);margin:1.7rem 0 .55rem}
.paper p:not(.where){margin:0 0 .95rem;white-space:pre-line}
.paper .gap{color:var(--ink-soft);text-align:center}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
"""
    + _MARKS
    + _active(":target")
    + """
#back{display:none}
@media screen and (min-width:901px){
  body{display:flex;flex-direction:column;height:100dvh;max-width:1440px;margin:0 auto}
  main{flex:1 1 0;min-height:0;grid-template:minmax(0,1fr)/5fr 6fr}
  main>*{overflow-y:auto}
}
@media screen and (max-width:900px){
  body>header,main{padding-inline:.75rem}
  .paper{padding:1.1rem 1.1rem 1.6rem}
  main:has(.paper :target)+#back{display:block;position:sticky;bottom:.75rem;margin:0 .75rem;
    text-align:right}
  #back a{display:inline-block;background:var(--card);border:1px solid var(--line);
    border-radius:999px;padding:.5rem .95rem;font-size:.9rem;text-decoration:none}
}
@media screen and (prefers-reduced-motion:no-preference){
  html,main>*{scroll-behavior:smooth}
}
@media print{
  .turn,blockquote,.sources>li{break-inside:avoid}
}
"""
)
