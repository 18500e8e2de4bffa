"""How the list of articles looks, and the forms that add to it."""

from __future__ import annotations

SHELF_STYLE = """
#shelf{padding:.9rem 1rem!important;border-radius:10px}
#shelf *,#note *{font-family:var(--sans)}
#shelf h2{font:600 1rem/1.4 var(--sans);margin:0!important;color:var(--ink)}
#shelf :is(p,ul,li,form),#note p,#add .where{margin:0;padding:0;list-style:none}
#shelf .where,#add .where{font-size:.8rem;line-height:1.4;color:var(--ink-soft)}
#shelf .choices{font-size:.85rem;color:var(--ink-soft)}
#shelf ul{margin:.5rem 0 .75rem}
#shelf li{display:flex;gap:.6rem;padding:.5rem .4rem;border-top:1px solid var(--line)}
#shelf li[aria-current]{background:var(--card)}
#shelf li>div{min-width:0;flex:1}
#shelf input[type=checkbox]{flex:none;width:1.1rem;height:1.1rem;margin:.15rem 0 0;
  border:1px solid var(--ink-soft)}
#shelf input[type=checkbox]:checked{background-color:#0b6a85!important;border-color:#0b6a85}
#shelf button{background:none;border:0;padding:.1rem 0;margin-inline-end:.7rem;font-size:.85rem;
  color:var(--link);cursor:pointer;text-align:start}
#shelf button:hover{text-decoration:underline}
#shelf :is(button,input):focus-visible{outline:2px solid var(--link);outline-offset:1px;
  border-radius:3px}
#shelf button.title{font-size:.95rem;font-weight:600;line-height:1.35;color:var(--ink);
  overflow-wrap:anywhere;margin:0;padding:0}
#shelf :is(label,form,[role=group]){display:block;font-size:.85rem;color:var(--ink)}
#shelf :is(form,[role=group]){margin-top:.35rem}
#shelf input[name=title]{display:block;width:100%;margin:.15rem 0 .3rem;padding:.35rem .5rem;
  font-size:.9rem;color:var(--ink);background:var(--sheet);border:1px solid var(--ink-soft);
  border-radius:6px}
#shelf .removed p{font-size:.88rem;line-height:1.45;color:var(--ink);overflow-wrap:anywhere}
#shelf .removed button{font-weight:600}
.wrong{font-size:.88rem;line-height:1.45;color:var(--wrong)}
.wrong p,#note .wrong p,#shelf p.wrong{color:var(--wrong);overflow-wrap:anywhere}
#add .form{gap:.5rem}
#add .label-wrap span:first-child{font-weight:600}
#add{border-radius:10px!important;padding:.7rem 1rem!important}
#add>button{font-weight:600;color:var(--ink)}
#add .tab-container button{padding:.35rem .55rem;font-size:.88rem;color:var(--ink)}
#add .tabitem{padding:.5rem 0 0;border:0}
#add .tabitem>.column{gap:.5rem}
#add .tabitem :is(.block,.form){border:0;padding:0;background:transparent;box-shadow:none}
#add .tabitem span[data-testid=block-info]{color:var(--ink);font-size:.85rem;margin-bottom:.2rem}
#add :is(textarea,input){border:1px solid var(--ink-soft)!important;
  background:var(--sheet)!important;color:var(--ink)}
#add button.sm{background:var(--link);color:var(--sheet);font-weight:600;padding:.4rem}
#note .adding{font-size:.88rem;line-height:1.45;color:var(--ink)}
#note progress{width:100%;height:.5rem;accent-color:var(--link)}
#note p{overflow-wrap:anywhere;font-size:.88rem}
#note button{border:1px solid var(--line);background:var(--card);color:var(--link);
  border-radius:999px;padding:.15rem .65rem;font-size:.82rem;font-weight:600;line-height:1.5}
#note button:hover{text-decoration:underline}
#add .tabs[inert]{opacity:.55}
#add .or{color:var(--ink-soft)!important}
"""
