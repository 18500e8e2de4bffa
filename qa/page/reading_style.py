"""How reading along looks: the parts of a long article, the strip beside it, and the tips."""

from __future__ import annotations

READING_STYLE = """
.paper .turning{margin:0 0 1.1rem;outline:none}
.paper article>.turning:last-child{margin:1.6rem 0 0}
#article .paper .part{font:400 .86rem/1.45 var(--sans);color:var(--ink-soft);margin:0 0 .5rem}
.paper .turning button{font:600 .88rem/1.4 var(--sans);color:var(--link);background:var(--card);
  border:1px solid var(--line);border-radius:999px;padding:.35rem .9rem;cursor:pointer;margin:0}
.paper .turning button:hover{text-decoration:underline}
.paper .turning button:focus-visible{outline:2px solid var(--link);outline-offset:1px}
.paper article .found.lit{background:var(--mark);box-shadow:0 0 0 .14em var(--mark)}
.paper article .found.lit mark{background:var(--mark-active)}

#article .prose:has(.strip){position:relative}
.strip{display:none;position:absolute;left:3px;top:16px;bottom:16px;width:24px;
  container-type:size}
.strip::before{content:"";position:absolute;left:11px;width:2px;top:0;bottom:0;
  background:var(--line);border-radius:1px}
.strip>*{position:absolute;left:0;width:100%;top:calc(var(--at)*1cqh)}
.strip .here{height:max(3px,var(--long)*1cqh);background:var(--line);width:8px;left:8px;
  border-radius:4px}
#article .strip a{top:calc((var(--at) + var(--long)/2)*1cqh);height:max(24px,var(--long)*1cqh);
  transform:translateY(-50%);border-radius:4px}
.strip a::before{content:"";position:absolute;left:7px;width:10px;top:50%;
  height:max(5px,var(--long)*1cqh);transform:translateY(-50%);border-radius:3px;
  background:var(--near);opacity:var(--strength)}
.strip a.cited{z-index:1}
.strip a.cited::before{left:4px;width:16px;background:var(--link)}
.strip a:hover::before{outline:2px solid var(--link);outline-offset:1px}
.strip a:focus-visible{outline:2px solid var(--link);outline-offset:-1px}
.paper:has(details~details[open])+.strip{visibility:hidden}
@media (min-width:901px){.strip{display:block}}

#tip{position:fixed;z-index:1000;box-sizing:border-box;width:max-content;
  max-width:min(24rem,100vw - 16px);max-height:50vh;overflow-y:auto;padding:.55rem .75rem;
  background:var(--sheet);color:var(--ink);border:1px solid var(--ink-soft);border-radius:8px;
  box-shadow:0 4px 16px #0004;font:400 .9rem/1.45 var(--sans);overflow-wrap:anywhere}
#tip[hidden]{display:none}
#tip p{margin:0}
#tip p:nth-of-type(2){margin-top:.3rem;font-size:.82rem;color:var(--ink-soft)}
#tip div{display:flex;justify-content:space-between;gap:1rem;margin-top:.4rem}
#tip :is(a,button){font:600 .9rem/1.4 var(--sans);color:var(--link);background:none;border:0;
  padding:.6rem .2rem;margin:0}
#tip :is(a,button):focus-visible{outline:2px solid var(--link);outline-offset:-1px}
"""
