import { readFileSync } from 'node:fs'
import { models } from '@chaosproxy/checker'
import { USUAL_CHECK } from '@chaosproxy/engine/judged'
import { packageVersion } from '@chaosproxy/engine/run'
import { stylesheet } from '@chaosproxy/report'
import { MOST_TEXT_BYTES } from './saved/bytes.ts'
import type { Setting } from './saved/setting.ts'
import { bundled } from './server/built-file.ts'

/** The content security policy: the page runs its own code and the report's, and connects to nothing. */
export const SAVED_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; worker-src blob:; img-src data:; base-uri 'none'; form-action 'none'"

const BEGINNING =
  '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="chaos page">'

export const isSavedPage = (start: string): boolean => start.startsWith(BEGINNING)

/** Returns the page that judges histories, as one file. It works from disk, and sends no data anywhere. */
export function renderSavedPage(): string {
  const setting: Setting = {
    version: packageVersion(),
    models: models.map(({ name }) => name),
    timeoutMs: USUAL_CHECK.timeoutMs,
    most: `${MOST_TEXT_BYTES / 1e6} MB`,
  }
  // Escapes `</script` and `<!--`, which change where a script element ends. In JavaScript they occur only in
  // strings, where the backslash has no effect.
  return `${BEGINNING}<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="${SAVED_POLICY}"><title>Judge a history</title><link rel="icon" href="data:,"><style>${stylesheet}${savedStyles}</style></head>
<body><div id="page"><noscript>This page needs JavaScript: it judges histories by itself. On the command line: npx chaos check FILE</noscript></div>
${data('setting', setting)}
${data('worker', readFileSync(bundled('saved-worker.js'), 'utf8'))}
<script>${readFileSync(bundled('saved-page.js'), 'utf8').replace(/<(?=\/script|!--)/gi, '\\x3c')}</script></body></html>
`
}

/** Returns a `<script>` element that contains a value as JSON. The JSON contains no `<`, and thus no `</script>`. */
const data = (id: string, value: unknown): string =>
  `<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`

const savedStyles: string = `
.head{margin-bottom:20px}
.problem:not(:empty){border-left:3px solid var(--ink);padding:8px 12px;margin-bottom:16px;background:var(--panel);overflow-wrap:anywhere;white-space:pre-line}
.drop{display:flex;flex-wrap:wrap;gap:12px 28px;align-items:end;border:2px dashed var(--line2);border-radius:8px;padding:28px 24px;margin-bottom:20px}
.drop label{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;flex:1;min-width:min(100%,320px)}.drop b{flex-basis:100%;font-size:17px;font-weight:620}.drop span{color:var(--ink2)}
.dropping .drop{border-color:var(--ink);background:var(--panel)}
input[type=file]{font:inherit;font-size:14px;max-width:100%;color:var(--ink)}input::file-selector-button{font:inherit;font-size:14px;color:var(--page);background:var(--ink);border:1px solid var(--ink);border-radius:6px;padding:5px 14px;margin-right:12px;cursor:pointer}
.paste{margin-bottom:20px}.paste label{display:block;font-size:14px;color:var(--ink2);margin-bottom:4px}
textarea{display:block;width:100%;font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--ink);background:var(--page);border:1px solid var(--line2);border-radius:6px;padding:8px 10px;margin-bottom:8px;resize:vertical}
progress{display:block;width:100%;height:8px;margin:16px 0 8px;accent-color:var(--data)}
.working h1{overflow-wrap:anywhere}.working .note{min-height:20px;margin-bottom:12px;font-variant-numeric:tabular-nums}
.bar{display:flex;flex-wrap:wrap;gap:6px 20px;align-items:center;font-size:13px;padding:8px 24px;border-bottom:1px solid var(--line);background:var(--panel)}.bar h1{font-size:14px;font-weight:620;letter-spacing:0;overflow-wrap:anywhere;min-width:0}
body:has(iframe){max-width:none;padding:0;height:100vh;overflow:hidden}body:has(iframe) #page{display:flex;flex-direction:column;height:100vh}body:has(iframe) main{flex:1;min-height:0}
iframe{display:block;width:100%;height:100%;border:0;background:var(--page)}
@media screen and (max-width:760px){.bar{padding:8px 16px}button,select{min-height:36px}}
`
