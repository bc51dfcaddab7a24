const light = `--page:#fdfdfb;--ink:#1a1c20;--ink2:#575c66;--line:#dcdde0;--line2:#8b909a;--accent:#b5320c;--tint:#fbebe4;--data:#3b6085;--d1:#d3dfea;--d2:#a3bdd6;--band:#f1efe8;--hatch:#b9b4a3;--on-accent:#fff;--panel:#f6f5f1;--down:#4b4f57`
const dark = `--page:#131519;--ink:#e8e9ec;--ink2:#a3a9b4;--line:#30343c;--line2:#767c88;--accent:#ff8f6b;--tint:#3a2119;--data:#8fb6dd;--d1:#22303f;--d2:#34506c;--band:#22252b;--hatch:#565a63;--on-accent:#1a0d07;--panel:#1b1e23;--down:#c3c7ce`

export const themes: string = `:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}`

export const drawingStyles: string = `svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--ink)}svg .t2{fill:var(--ink2)}
svg .mid,svg .label,svg .node,svg .number,svg .arc-text,svg .edge-number{text-anchor:middle}svg .right{text-anchor:end}
.lane{stroke:var(--line2);fill:none}.axis,.tick{stroke:var(--line2);fill:none}.grid{stroke:var(--line);fill:none}
svg .lane-name,svg .row-name{font-weight:620;font-size:13px}svg .lane-name{paint-order:stroke;stroke:var(--page);stroke-width:6px;stroke-linejoin:round}
.band{fill:var(--band)}.hatch{stroke:var(--hatch);stroke-width:2.4}.band-edge{stroke:var(--line2);stroke-dasharray:2 3;fill:none}svg .fault-name{font-weight:600;fill:var(--ink2);paint-order:stroke;stroke:var(--page);stroke-width:3px}svg .fault-name.end{text-anchor:end}
svg .refused{fill:var(--ink2);font-size:11.5px;paint-order:stroke;stroke:var(--page);stroke-width:6px;stroke-linejoin:round}.holding{fill:var(--d1);stroke:var(--d2)}.holding.both{fill:var(--accent);stroke:var(--accent)}
.tip-calm{fill:var(--data)}.arc.calm{stroke:var(--data)}.edge-dot.calm{stroke:var(--data)}svg .edge-number.calm{fill:var(--data)}.way{stroke:var(--data);stroke-width:1.6;fill:none}.way.stopped{stroke:var(--ink2);stroke-dasharray:5 4}.way.late{stroke-dasharray:5 4}.way.never{stroke:var(--ink2);stroke-dasharray:1.5 4;stroke-linecap:round}.ring{fill:var(--page);stroke:var(--ink2);stroke-width:1.5}.stop{stroke:var(--ink);stroke-width:4;fill:none}.stop.lost{stroke-width:2.2}svg .message-name{font-size:11.5px;fill:var(--ink2);paint-order:stroke;stroke:var(--page);stroke-width:4px}svg .message-name.end{text-anchor:end}.node-lane{stroke:var(--d1);stroke-width:8;fill:none}.down{fill:var(--down)}.starting{fill:none;stroke:var(--down);stroke-width:1.5}.cut{stroke:var(--line2)}svg .fault-name.middle{text-anchor:middle;font-size:11.5px}.served{fill:var(--page);stroke:var(--data);stroke-width:2}.served.write{fill:var(--data)}.served.bad{stroke:var(--accent)}svg .gap{text-anchor:middle;font-style:italic;font-size:11.5px;fill:var(--ink2);paint-order:stroke;stroke:var(--page);stroke-width:4px}
.break{stroke:var(--line2);stroke-dasharray:1 3;fill:none}
.state{fill:var(--panel);stroke:var(--line2)}.state.several{stroke-dasharray:3 2}.state.last{stroke:var(--ink);stroke-width:1.6}
rect.bar.write{fill:var(--data)}rect.bar{stroke:var(--data);stroke-width:1.6}rect.bar.read{fill:var(--page)}rect.bar.bad{fill:var(--accent);stroke:var(--accent)}rect.bar.open{stroke-dasharray:4 3;fill-opacity:.55}
svg .number{font-weight:650}svg .number.write{fill:var(--page)}svg .number.bad{fill:var(--on-accent)}svg .number.read:not(.bad){fill:var(--ink)}
svg .label{font-size:12.5px;paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}svg .node{fill:var(--ink2);font-size:11.5px;paint-order:stroke;stroke:var(--page);stroke-width:3px}svg .badtext{fill:var(--accent);font-weight:650}
.op.context rect.bar.write{fill:var(--d2)}svg .op.context .number{fill:var(--ink)}
.arc{stroke:var(--accent);stroke-width:2;fill:none}.tip{fill:var(--accent)}svg .arc-text{fill:var(--accent);font-weight:620;paint-order:stroke;stroke:var(--page);stroke-width:4px}
.txn-box{fill:var(--page);stroke:var(--data);stroke-width:1.6}.txn-box.open{stroke-dasharray:5 4}svg .client,svg .txn-name{font-weight:620;font-size:13px}svg .client{text-anchor:middle}svg .did{font-size:12.5px}svg .did.sql{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:var(--ink2)}svg .arc-text.calm{fill:var(--data)}svg .arc-text.t2{font-weight:500;font-size:11.5px}
.edge-dot{fill:var(--page);stroke:var(--accent);stroke-width:1.5}svg .edge-number{fill:var(--accent);font-weight:650}`

/**
 * The accent colour marks broken promises. Met levels have the ink colour, faults are neutral bands, and data is blue.
 * In both themes, text has a contrast of at least 4.5, and marks of at least 3. Print is always light.
 */
export const stylesheet: string = `
${themes}
:root[data-theme=dark]{color-scheme:dark;${dark}}
:root[data-theme=light]{color-scheme:light}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1128px;padding:0 24px 40px;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1,h2,h3,p,ol,ul,dl,dd,table{margin:0;padding:0}
h1{font-size:38px;line-height:1.1;letter-spacing:-.02em;font-weight:650}
h1.bad{color:var(--accent)}
h2{font-size:20px;line-height:1.3;letter-spacing:-.01em;font-weight:620;margin-bottom:12px}
h3{font-size:14px;line-height:1.35;font-weight:620}
section{margin-bottom:40px}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.92em;overflow-wrap:anywhere}
a{color:inherit;text-decoration-color:var(--line2);text-underline-offset:3px}
:focus{outline:none}:focus-visible{outline:2px solid var(--ink);outline-offset:2px;border-radius:3px}
button,select,input[type=search]{font:inherit;font-size:13px;color:var(--ink);background:var(--page);border:1px solid var(--line2);border-radius:6px;padding:3px 10px;min-height:28px;max-width:220px}
button{cursor:pointer}button:hover{background:var(--panel)}
button.link{border:0;padding:0;min-height:0;background:none;text-decoration:underline;text-decoration-color:var(--line2);text-underline-offset:3px;text-align:left;max-width:none}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px}.skip:focus{left:24px;top:8px;background:var(--page);padding:6px 10px;z-index:9}
.top{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:center;font-size:13px;color:var(--ink2);padding:10px 0;border-bottom:1px solid var(--line)}
.top b{color:var(--ink)}.top button{margin-left:auto}.buttons{margin-left:auto;display:flex;flex-wrap:wrap;gap:8px}.top .buttons button{margin:0}
.head{padding-top:14px;margin-bottom:10px}
.standing{margin-top:6px;color:var(--ink2);overflow-wrap:anywhere}.standing:empty,.lede:empty{display:none}
.lede{font-size:18px;line-height:1.4;margin-top:8px;max-width:60em;overflow-wrap:anywhere}.more{font-size:13px;margin-top:4px}.more summary h2{display:inline}
.warnings{list-style:none;margin-top:10px;font-size:14px}.warnings li{padding-left:22px;position:relative}.warnings li::before{content:"!";position:absolute;left:2px;top:3px;width:14px;height:14px;line-height:14px;text-align:center;font-weight:700;font-size:11px;border:1px solid var(--ink);border-radius:50%}
.facts{font-size:14px;margin-top:16px;display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:0 32px}.facts div{display:flex;gap:12px;padding:3px 0;border-top:1px solid var(--line)}.facts dt{color:var(--ink2);min-width:76px;flex:none}.facts dd{overflow-wrap:anywhere}
.answers{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 14px;font-size:14.5px;margin:6px 0 8px;max-width:68em}.answers>div{display:contents}.answers dt{color:var(--ink2);font-weight:600}.answers dd{margin:0;overflow-wrap:anywhere}.settings{color:var(--ink2)}.settings::before{content:"· "}
.reproduce{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:center;background:var(--panel);border-radius:8px;padding:6px 14px;font-size:13px;margin-top:4px}.reproduce code{flex:1;min-width:0}.reproduce p{flex-basis:100%;margin:0;font-size:12px}
.lost{margin-bottom:24px;padding:8px 12px;background:var(--tint);border-left:3px solid var(--accent);overflow-wrap:anywhere}
.mark{width:20px;height:20px;flex:none;fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.mark.violated rect{fill:var(--accent)}.mark.violated path{stroke:var(--on-accent);stroke-width:2.2}.mark.met{stroke:var(--ink)}.mark.unknown{stroke:var(--ink2);stroke-width:1.5}
.ladder{list-style:none;display:grid;grid-template-columns:repeat(5,1fr)}
.ladder>li{padding-right:14px;min-width:0}
.rung{display:flex;align-items:center;gap:8px;margin-bottom:5px}.rung .line{height:1px;flex:1;background:var(--line2);margin-right:-6px}.ladder>li:last-child .line,.ladder.apart .line{display:none}.ladder.apart{gap:10px 0;grid-template-columns:repeat(auto-fill,minmax(180px,1fr))}
.result{font-size:14px;color:var(--ink2)}.violated>.result{color:var(--accent);font-weight:600}.met>.result{color:var(--ink);font-weight:600}
.why{font-size:13px;line-height:1.4;color:var(--ink2);overflow-wrap:anywhere;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.tag{font-weight:500;font-size:12px;border:1px solid var(--line2);border-radius:99px;padding:0 7px;margin-left:3px;color:var(--ink2);white-space:nowrap}
.isolation td,.isolation th{padding:3px 22px 3px 0;font-size:13.5px}.isolation thead th{white-space:normal;vertical-align:bottom}.isolation .mark{width:14px;height:14px;vertical-align:-2px}.isolation .result{font-size:13.5px}
.subs{list-style:none;font-size:12.5px;line-height:1.45;display:flex;flex-wrap:wrap;gap:0 12px}.subs li{display:flex;gap:5px;align-items:center;max-width:100%}.subs .mark{width:12px;height:12px}.beside{display:flex;flex-wrap:wrap;gap:0 10px;margin-top:8px;font-size:12.5px;line-height:1.45;color:var(--ink2)}
.all-levels{font-size:13px;margin-top:8px;color:var(--ink2)}.all-levels summary{cursor:pointer;width:fit-content}.all-levels table{margin-top:8px}
.contradiction,.pictured{display:grid;grid-template-columns:minmax(0,736px) minmax(0,1fr);gap:28px;overflow-wrap:anywhere}
.scroll{overflow-x:auto}.tall{max-height:340px;overflow-y:auto}
${drawingStyles}
svg.why-svg,#charts{display:block;width:100%;height:auto}
.op,.edge{transition:opacity .12s}svg.why-svg.focused .op:not(.on),svg.why-svg.focused .edge,svg.why-svg.focused .accusation{opacity:.22}
.story{list-style:none;font-size:14px}.story li{position:relative;padding:5px 8px 5px 11px;border-left:2px solid var(--line)}.story li[data-line],g.op[data-line]{cursor:pointer}.story li.chosen{border-color:var(--ink)}.op.chosen rect.bar,.op.chosen .txn-box{stroke:var(--ink);stroke-width:2.6}.story li small{display:block;color:var(--ink2);font-size:12px;font-variant-numeric:tabular-nums}
.story li.on,.story li:hover{border-color:var(--ink);background:var(--panel)}.story li.bad{border-color:var(--accent)}.why-bad{color:var(--accent);font-weight:600}
.n{display:inline-block;min-width:19px;height:19px;line-height:16px;text-align:center;font-size:12px;font-weight:650;border:1.5px solid var(--data);border-radius:3px}.n.write{background:var(--data);color:var(--page)}.n.bad{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}.n.edge-letter{border-color:var(--accent);color:var(--accent);border-radius:50%}
.wire-notes{list-style:none;font-size:13px;color:var(--ink2);margin:6px 0}.wire-notes li{padding:2px 0}.orders summary{font-size:13px;color:var(--ink2);padding:4px 0}.edges{list-style:none;font-size:13px}.edges li{padding:3px 0}.edges small{color:var(--ink2)}.chain{margin-left:26px}.chain ul{list-style:none;margin:0;padding-left:12px;border-left:1px solid var(--line)}
.key-band{display:inline-block;width:20px;height:10px;background:var(--band);border:1px dashed var(--line2)}
.note{font-size:13px;color:var(--ink2);margin-top:8px;max-width:75em}.also{margin-top:16px;font-size:14px}.also summary{cursor:pointer;padding:6px 0}.also .contradiction{margin:8px 0 20px}
table{border-collapse:collapse;font-size:14px}th,td{text-align:left;padding:6px 16px 6px 0;border-bottom:1px solid var(--line);font-weight:400;vertical-align:baseline;white-space:nowrap}thead th{font-size:13px;color:var(--ink2);border-color:var(--line2)}td.wrap{white-space:normal}
.numbers{width:100%}.numbers thead th{white-space:normal;vertical-align:bottom}.numbers td,.numbers thead th:not(:first-child){text-align:right;font-variant-numeric:tabular-nums}.numbers tbody th{font-weight:550}.numbers tr>:last-child{padding-right:4px}.idle>*{color:var(--ink2)}
.sheet{width:100%;overflow-wrap:normal}.sheet caption{text-align:left;font-weight:620;padding-bottom:6px}.sheet th,.sheet td{padding:5px 14px 5px 0;font-variant-numeric:tabular-nums}.sheet .right{text-align:right}.sheet tr>:last-child{padding-right:8px}.sheet .bad{background:var(--tint)}.sheet .bad>:first-child{box-shadow:inset 3px 0 var(--accent);padding-left:10px}.sheet .sum>*{font-weight:620;border-top:1px solid var(--line2)}.sheet .faint{color:var(--ink2)}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:24px 40px}.columns h3{margin-bottom:6px}
.mini{width:100%;font-size:13px}.mini .trouble th{color:var(--accent)}.mini th{color:var(--ink2)}.mini th,.mini td{padding:3px 0;white-space:normal}.mini td{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}.mini th{padding-right:12px;white-space:nowrap}
.throughput{fill:var(--d2);stroke:var(--data);stroke-width:.8}.called{fill:none;stroke:var(--line2)}svg .badtext.t2{fill:var(--accent)}.stale{fill:var(--accent)}.heat{fill:var(--data)}.h1{opacity:.22}.h2{opacity:.38}.h3{opacity:.55}.h4{opacity:.75}.p99-edge{stroke:var(--ink2);stroke-width:1.2;fill:none}.p50{stroke:var(--ink);stroke-width:1.8;fill:none}.answered{fill:var(--d2)}.cut-off{fill:url(#cut-off);stroke:var(--line2);stroke-width:.5}.fail{fill:var(--down)}.info{fill:var(--page);stroke:var(--ink);stroke-width:1}
.fault-line{stroke:var(--down);stroke-width:4;fill:none}svg .fault-label{fill:var(--ink2)}.contradiction-mark{stroke:var(--accent);stroke-width:1.5;fill:none}.contradiction-flag{fill:var(--accent)}#cursor[hidden]{display:none}#cursor path{stroke:var(--ink);fill:none}
.tools{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;font-size:13px;margin-bottom:10px}.tools label{color:var(--ink2)}.grow{flex:1}.group{display:flex;flex-wrap:wrap;gap:8px;margin-left:auto}#found{color:var(--ink2);font-variant-numeric:tabular-nums}
#timeline{overflow-y:auto;overflow-x:hidden;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}canvas{display:block;width:100%;touch-action:pan-y;cursor:grab}canvas:active{cursor:grabbing}#explorer{position:sticky;top:0}#minimap{height:36px;margin-bottom:6px}input[type=search]{width:150px;padding:3px 8px}
.detail{font-size:13px;min-height:40px;margin-top:8px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px}.legend i{display:inline-block;width:18px;height:10px;border-radius:2px;margin-right:6px;border:1.5px solid var(--data)}.legend .write{background:var(--data)}.legend .fail{background:var(--line2);border-color:var(--line2)}.legend .info{border-style:dashed;border-color:var(--ink);background:none}.legend .part{color:var(--ink);margin-right:6px}.legend .bad{background:var(--accent);border-color:var(--accent)}
@media screen and (max-width:1000px){.contradiction,.pictured{grid-template-columns:minmax(0,1fr)}}
@media screen and (max-width:760px){body{padding:0 16px 32px}h1{font-size:30px}.lede{font-size:16px}.ladder,.ladder.apart{grid-template-columns:1fr}.ladder>li{display:grid;grid-template-columns:26px 1fr auto;column-gap:6px;padding:6px 0;border-bottom:1px solid var(--line)}.rung{margin:0}.rung .line{display:none}.why{grid-column:2/-1}svg.why-svg{min-width:640px}#charts{min-width:860px}.scroll{background:linear-gradient(90deg,var(--page) 40%,transparent) 0 0/44px 100% local,linear-gradient(270deg,var(--page) 40%,transparent) 100% 0/44px 100% local,linear-gradient(90deg,var(--line),transparent) 0 0/14px 100% scroll,linear-gradient(270deg,var(--line),transparent) 100% 0/14px 100% scroll;background-repeat:no-repeat}.numbers th:first-child{position:sticky;left:0;background:var(--page);white-space:normal}.reproduce code{flex-basis:100%;order:3}.reproduce p{order:4}}
@media screen and (max-width:480px){h1{font-size:26px}.sheet{font-size:13px}.sheet th,.sheet td{padding:4px 7px 4px 0;white-space:normal}h2{font-size:17px;margin-bottom:8px}.head{padding-top:10px}.standing{font-size:13px;margin-top:3px}.lede{font-size:15px;margin-top:5px}.reproduce{padding:4px 12px}#save-svg{display:none}.isolation td,.isolation th{padding-right:8px;font-size:12.5px}.isolation tbody th{white-space:normal}.isolation thead th[data-short]{font-size:0}.isolation thead th>*{display:none}.isolation thead th[data-short]::after{content:attr(data-short);font-size:13px}.isolation .result{font-size:12.5px}.isolation .tag{display:block;width:fit-content;margin:0}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;scroll-behavior:auto!important}}
@media print{:root,:root[data-theme]{${light};--page:#fff;--ink:#000;color-scheme:light}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{font-size:11pt;max-width:none}button:not(.link),.tools label,.skip,.detail{display:none!important}section{margin-bottom:24px}.contradiction,.pictured{grid-template-columns:1fr}.ladder,svg,canvas,tr,.story li{break-inside:avoid}.scroll,.tall{overflow:visible;max-height:none}.numbers{font-size:8pt}.numbers th,.numbers td,.numbers button.link{white-space:normal}.numbers th,.numbers td{padding:2px 4px}svg{max-width:100%;height:auto;min-width:0}h2{break-after:avoid}}
`
