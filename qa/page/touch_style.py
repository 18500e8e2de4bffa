"""How the page looks to a finger: what is pressed is as large as a fingertip."""

from __future__ import annotations

# A box whose letters are smaller than 1rem has a phone magnify the page when it is typed in.
TOUCH_STYLE = """
@media (pointer:coarse){
  #chat .message p a,#chat .refusal li a{padding:.45em .5em;margin:-.45em -.3em}
  #chat .foot{column-gap:.9rem}
  #chat :is(.foot summary,.foot button,.edit,.foot li a){padding:.55rem .15rem}
  #chat .icon-button-wrapper button{min-width:2.5rem;min-height:2.5rem}
  #chat .user-row{padding-inline-end:3rem!important}
  #tools button,#note button{padding:.5rem .65rem;font-size:.85rem}
  #question .submit-button{min-height:2.6rem;min-width:3.6rem}
  #shelf button{padding:.55rem .3rem .55rem 0;margin-inline-end:1rem}
  #shelf .choices button{min-width:2.5rem}
  #shelf button.title{padding:.4rem 0;min-width:1.5rem}
  #shelf input[type=checkbox]{width:1.6rem;height:1.6rem;margin-top:.25rem}
  #shelf input[name=title],#add :is(textarea,input){font-size:1rem}
  #add>button{padding-block:.55rem}
  #add .tab-container button{padding:.65rem .75rem}
  #add button.sm{padding:.65rem}
  .paper .turning button{padding:.6rem 1.1rem}
  .paper summary{padding:.7rem 0}
}
"""
