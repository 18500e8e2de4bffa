"""How reading along looks: the buttons that turn a long article's parts."""

from __future__ import annotations

READING_STYLE = """
.paper .turning{margin:0 0 1.1rem;outline:none}
.paper article>.turning:last-child{margin:1.6rem 0 0}
#article .paper .part{font:400 .86rem/1.45 var(--sans);color:var(--ink-soft);margin:0 0 .5rem}
.paper .turning button{font:600 .88rem/1.4 var(--sans);color:var(--link);background:var(--card);
  border:1px solid var(--line);border-radius:999px;padding:.35rem .9rem;cursor:pointer;margin:0}
.paper .turning button:hover{text-decoration:underline}
.paper .turning button:focus-visible{outline:2px solid var(--link);outline-offset:1px}
"""
