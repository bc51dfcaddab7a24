import { createHash } from 'node:crypto'

/** The content security policy of a page that loads only from these sources, and that no other page may frame. */
export const contentPolicy = (sources: string): string =>
  `default-src 'none'; ${sources}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The content security policy of a page with one script: only this script runs, with data from the page's own server. */
export const scriptPolicy = (script: string): string =>
  contentPolicy(
    `style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; connect-src 'self'`,
  )
