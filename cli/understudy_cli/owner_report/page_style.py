"""How the owner's page looks: the contact sheet's colours and type, and what a page of figures needs beside."""

from __future__ import annotations

from typing import Final

from understudy_workers.media.contact_sheet_style import STYLE as SHEET

STYLE: Final = (
    SHEET
    + """
h2 { font-size: 20px; letter-spacing: -.01em; color: var(--ink) }
h2 small { font-size: 13px; font-weight: 400; margin-inline-start: 10px; color: var(--soft) }
h2 small.ended { color: var(--lost) }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: clamp(14px, 2vw, 24px) }
section.waiting { border-color: var(--accent) }
section.waiting h2 { color: var(--accent) }
ul { list-style: none; padding: 0 }
section p { color: var(--soft); font-variant-numeric: tabular-nums }
section .broken { color: var(--lost); background: var(--lost-page); padding: 8px 12px; border-radius: 8px }
.bar { display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: var(--line); margin: 8px 0 18px }
.bar i { background: var(--accent) }
.bar b { background: var(--accent); opacity: .4 }
.tables { display: grid; gap: 16px 36px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr));
  align-items: start }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { padding: 5px 0 5px 12px; border-bottom: 1px solid var(--line); text-align: end; font-weight: 400 }
th:first-child { text-align: start; padding-inline-start: 0; overflow-wrap: anywhere }
tr:first-child th { color: var(--soft); font-size: 12px }
details { margin-top: 18px; font-size: 14px }
summary { color: var(--soft); cursor: pointer }
li { padding: 2px 0; overflow-wrap: anywhere }
li time { position: static; background: none; color: var(--soft); padding: 0 8px 0 0 }
.totals li { padding: 0 }
.gallery { display: grid; gap: 10px; margin-top: 18px; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)) }
.gallery figure { max-width: none }
.gallery img, .gallery span { display: block; width: 100%; height: 96px; object-fit: contain; border-radius: 7px;
  background: var(--line) }
.gallery span { display: grid; place-items: center; color: var(--soft); font-size: 11px }
.more { margin-top: 10px }
"""
)
