import { readFileSync } from 'node:fs'
import { models } from '@chaosproxy/checker'
import { USUAL_CHECK } from '@chaosproxy/engine/judged'
import { packageVersion } from '@chaosproxy/engine/run'
import { stylesheet } from '@chaosproxy/report'
import { MOST_TEXT_BYTES } from './saved/bytes.ts'
import type { Setting } from './saved/setting.ts'
import { savedPageScript, savedWorkerScript } from './server/built-file.ts'
import { savedStyles } from './server/saved-styles.ts'

/**
 * What the page may do: run its own code and the report's, also on another thread, and connect to nothing. The report
 * is in a frame of its own origin, which is under the same policy.
 */
export const SAVED_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; worker-src blob:; img-src data:; base-uri 'none'; form-action 'none'"

/** How every such page begins, by which it is recognised. */
const BEGINNING =
  '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="chaos page">'

export const isSavedPage = (start: string): boolean => start.startsWith(BEGINNING)

/** The page that judges the histories it is given, in one file. It works from disk; nothing leaves it. */
export function renderSavedPage(): string {
  const setting: Setting = {
    version: packageVersion(),
    models: models.map(({ name }) => name),
    timeoutMs: USUAL_CHECK.timeoutMs,
    most: `${MOST_TEXT_BYTES / 1e6} MB`,
  }
  return `${BEGINNING}<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="${SAVED_POLICY}"><title>Judge a history</title><link rel="icon" href="data:,"><style>${stylesheet}${savedStyles}</style></head>
<body><div id="page"><noscript>This page needs JavaScript: it judges histories by itself. On the command line: npx chaos check FILE</noscript></div>
${data('setting', setting)}
${data('worker', readFileSync(savedWorkerScript(), 'utf8'))}
<script>${withoutEnd(readFileSync(savedPageScript(), 'utf8'))}</script></body></html>
`
}

/** JSON that cannot end the element it is in. */
const data = (id: string, value: unknown): string =>
  `<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`

/** In JavaScript these sequences stand in texts only, where the backslash means nothing. */
const withoutEnd = (script: string): string => script.replace(/<(?=\/script|!--)/gi, '\\x3c')
