"""How the contact sheet looks: light and dark, from a phone to a wall, without a font or picture from elsewhere."""

STYLE = """
:root { color-scheme: light dark; --page: #f6f5f2; --card: #fff; --ink: #1c1f24; --soft: #6b7280; --line: #e4e2dc;
  --accent: #2f5d8c; --lost: #9c3b2e; --lost-page: #fbeeeb }
@media (prefers-color-scheme: dark) { :root { --page: #14161a; --card: #1d2026; --ink: #eceae5; --soft: #979ca6;
  --line: #2c3038; --accent: #8db8e4; --lost: #f0a394; --lost-page: #33211f } }
* { box-sizing: border-box; margin: 0 }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Noto Sans", sans-serif;
  max-width: 1600px; margin: 0 auto; padding: clamp(16px, 3vw, 48px) }
header { padding-bottom: 20px; border-bottom: 1px solid var(--line) }
h1 { font-size: clamp(24px, 3vw, 36px); font-weight: 650; letter-spacing: -.02em; line-height: 1.2;
  overflow-wrap: anywhere }
.totals { list-style: none; padding: 0; margin-top: 10px; display: flex; flex-wrap: wrap; gap: 6px 22px;
  color: var(--soft); font-variant-numeric: tabular-nums }
section { margin-top: 36px }
h2 { font-size: 13px; font-weight: 600; letter-spacing: .06em; color: var(--soft); margin-bottom: 12px;
  overflow-wrap: anywhere }
.grid { display: grid; gap: 18px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)) }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 14px;
  display: flex; flex-direction: column; gap: 12px; min-width: 0 }
h3 { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; font-size: 15px;
  font-weight: 600 }
code { font: 12px ui-monospace, monospace; color: var(--soft) }
.outputs { display: flex; flex-wrap: wrap; gap: 10px; align-items: flex-start }
/* Figures of one line share its width by their shapes, and so are equally high. */
figure { flex: var(--shape) 1 calc(var(--shape) * 130px); max-width: calc(var(--shape) * 230px); min-width: 0 }
.frame { display: block; position: relative; aspect-ratio: var(--shape); border-radius: 9px; overflow: hidden;
  background: var(--line) }
.frame img { width: 100%; height: 100%; object-fit: cover; display: block; transition: transform .25s }
a.frame:hover img { transform: scale(1.03) }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
time { position: absolute; right: 7px; bottom: 7px; padding: 0 6px; border-radius: 5px; color: #fff;
  background: rgb(0 0 0 / .62); font-size: 12px; font-variant-numeric: tabular-nums }
.lost { display: grid; place-items: center; padding: 8px; background: var(--lost-page); color: var(--lost);
  font-size: 12px; line-height: 1.35; text-align: center; overflow-wrap: anywhere }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 8px; margin-top: 5px;
  font-size: 12px; color: var(--soft); overflow-wrap: anywhere }
a { color: var(--accent); text-decoration: none }
figcaption a + a { margin-inline-start: 4px }
figcaption a:hover { text-decoration: underline }
article p { overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4;
  overflow: hidden }
.more, footer { margin-top: 36px; color: var(--soft); font-size: 13px }
footer { border-top: 1px solid var(--line); padding-top: 16px }
"""
