export const consoleStyles: string = `
:root{--lk:#7293b3}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){--lk:#5d84ad}}
:root[data-theme=dark]{--lk:#5d84ad}
body{max-width:1440px;padding:0 24px 40px;font-size:14px}
h2{font-size:16px;margin-bottom:8px}h2 small{font-weight:400;font-size:12px;color:var(--ink2)}
section{margin-bottom:24px}
.waiting{padding:80px 0;text-align:center;color:var(--ink2)}
.top{position:sticky;top:0;z-index:3;background:var(--page);min-height:52px}
.top button{margin-left:0}.top .buttons{display:flex;flex-wrap:wrap;gap:8px;margin-left:auto}
.figures{font-variant-numeric:tabular-nums}
.button{font-size:13px;color:var(--ink);border:1px solid var(--line2);border-radius:6px;padding:3px 10px;min-height:28px;text-decoration:none}.button:hover{background:var(--panel)}
button:disabled{color:var(--ink2);cursor:default;border-style:dashed;background:none}
.dot{display:inline-block;width:9px;height:9px;border-radius:50%;background:var(--line2);margin-right:7px}.dot.live{background:var(--data)}.dot.bad{background:var(--accent);border-radius:2px}
.lost-bar{position:sticky;top:52px;z-index:3;background:var(--ink);color:var(--page);padding:8px 12px;border-radius:0 0 6px 6px}
.verdict{padding-top:16px;margin-bottom:8px}.rungs{min-height:96px;margin-bottom:12px}
.verdict h1 small{font-size:17px;font-weight:400;letter-spacing:0;color:var(--ink2)}
.verdict .lede{font-size:17px;margin-top:6px;max-width:60em;overflow-wrap:anywhere}
.basis{font-size:13px;color:var(--ink2);min-height:20px;margin-bottom:10px;font-variant-numeric:tabular-nums}
.since{font-size:14px;margin-bottom:10px;max-width:60em;overflow-wrap:anywhere}
.rungs .why{-webkit-line-clamp:1}
.stage{display:grid;grid-template-columns:minmax(0,1fr) 344px;gap:24px}
.rail{min-width:0}.rail section{margin-bottom:16px;background:var(--panel);border-radius:8px;padding:12px 16px}
.problem{color:var(--ink);font-size:13px}.problem:not(:empty){border-left:3px solid var(--ink);padding:6px 10px;margin-bottom:12px;background:var(--panel);overflow-wrap:anywhere}
.topology{display:block;width:100%;max-height:400px}
.server{cursor:pointer}.server:focus{outline:none}
.card{fill:var(--panel);stroke:var(--line2);stroke-width:1}
.server:hover .card{stroke:var(--ink)}
.server:focus-visible .card{stroke:var(--ink);stroke-width:3}
.server.leads .card{stroke:var(--data);stroke-width:2}
.server.picked .card{stroke:var(--ink);stroke-width:2.5}
.server.down .card{fill:var(--down);stroke:var(--down)}.server.down text{fill:var(--page)}.server.down.picked .card{stroke:var(--ink)}
svg .server .name{font-weight:650;font-size:14px}svg .server .role{font-size:13px}svg .server .term,svg .server .rate,svg .server .lag,svg .server .wrong-clock{font-size:12px;fill:var(--ink2);font-variant-numeric:tabular-nums}svg .server :is(.term,.lag,.wrong-clock){text-anchor:end}svg .server .wrong-clock{fill:var(--ink)}svg .server.down :is(.term,.rate,.lag,.wrong-clock){fill:var(--page)}
rect.apart{fill:url(#apart);stroke:var(--line2);stroke-dasharray:3 3}
.link{cursor:pointer}.link .hit{stroke:transparent;stroke-width:16;fill:none}.link .line{stroke:var(--line2);stroke-width:1;fill:none}.link:hover .line{stroke:var(--ink);stroke-width:2}
.link.busy .line{stroke:var(--lk);stroke-width:3}
.link.hurt .line{stroke:var(--ink);stroke-width:2;stroke-dasharray:1 3}
.link.cut .line,.link.half .line{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 5}.link .bar{stroke:var(--ink);stroke-width:3.5}.link.half .bar{stroke-width:1.5}
.link.picked .line{stroke:var(--ink);stroke-width:3}
.actions{display:flex;flex-direction:column;gap:6px;margin-top:8px}.actions button{max-width:none;text-align:left;min-height:34px;display:flex;justify-content:space-between;align-items:center;gap:8px;overflow-wrap:anywhere}
button.heal{background:var(--ink);color:var(--page);border-color:var(--ink)}
kbd{font:12px ui-monospace,Menlo,Consolas,monospace;color:inherit;border:1px solid var(--line2);border-radius:3px;padding:0 5px;opacity:.8}
.links{margin-top:10px;font-size:13px;color:var(--ink2)}.links button{margin-right:10px;color:var(--ink)}
.rail details{font-size:13px;margin-top:8px}.rail summary{cursor:pointer;color:var(--ink2)}.rail dt{font-weight:600;margin-top:6px}.rail dd{color:var(--ink2)}
.faults{list-style:none;margin:0;padding:0}.faults li{display:flex;justify-content:space-between;gap:8px;align-items:center;padding:5px 0 5px 8px;border-left:2px dotted var(--line2);margin-bottom:4px}.faults li.by-hand{border-left:2px solid var(--ink)}.faults b{font-weight:600;overflow-wrap:anywhere}.faults small{display:block;font-size:12px;color:var(--ink2);font-variant-numeric:tabular-nums}
.why-part{border-left:3px solid var(--accent);padding-left:16px}
.chart{margin:0 0 12px}.chart figcaption{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:13px;align-items:baseline}.chart figcaption span{color:var(--ink2)}
.swatch{display:inline-block;width:14px;height:3px;margin-right:6px;vertical-align:middle}
${['data', 'down', 'ink', 'line2', 'hatch', 'd2', 'ink2', 'accent'].map((name) => `.swatch.${name}{background:var(--${name})}`).join('')}
.tail table{width:100%;font-variant-numeric:tabular-nums}.tail td,.tail th{padding:3px 14px 3px 0}.tail tr.info td,.tail tr.fail td{color:var(--ink)}.tail tr.ok td{color:var(--ink2)}.tail h2 button{margin-left:12px}.tail td:nth-child(4),.tail td:nth-child(5){max-width:340px;overflow:hidden;text-overflow:ellipsis}.tail td:last-child,.tail th:last-child{text-align:right;padding-right:0}
.uplot,.uplot *{box-sizing:border-box}.uplot{width:min-content;line-height:1.5}.u-wrap{position:relative;user-select:none}.u-over,.u-under{position:absolute}.u-under{overflow:hidden}.uplot canvas{display:block;position:relative;width:100%;height:100%;cursor:default}.u-axis{position:absolute}.u-cursor-x,.u-cursor-y{position:absolute;left:0;top:0;pointer-events:none;will-change:transform}.u-hz .u-cursor-x{height:100%;border-right:1px dashed var(--ink2)}.u-hz .u-cursor-y{display:none}.u-select,.u-off,.u-cursor-pt{display:none}
@media (max-width:1100px){.stage{grid-template-columns:minmax(0,1fr) 312px}}
@media (max-width:900px){.stage{grid-template-columns:minmax(0,1fr)}}
@media (max-width:560px){body{padding:0 16px 32px}h1{font-size:30px}.verdict .lede{font-size:16px}button,.button{min-height:36px}.top{position:static}.lost-bar{top:0}.tail td:nth-child(2),.tail th:nth-child(2){display:none}}
`
