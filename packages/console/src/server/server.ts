import { readFileSync } from 'node:fs'
import { stylesheet } from '@chaosproxy/report'
import { WebSocketServer } from 'ws'
import { pageScript } from './built-file.ts'
import { type Channel, openChannel } from './channel.ts'
import { consoleStyles } from './console-styles.ts'
import { type Content, refuseUpgrade, startGuardedServer } from './guarded-server.ts'

export interface PageServerOptions {
  /** `host:port`; port 0 is any free one. */
  readonly listen: string
  /** A page has connected: what it says is passed to what this returns. */
  readonly connected: (channel: Channel) => (text: string) => void
  /** A document besides the page, by its path; undefined if there is none. */
  readonly document: (path: string) => string | undefined
}

export interface PageServer {
  /** The address of the page, with its token. */
  readonly url: string
  /** The address of a document, with the token. */
  addressOf(path: string): string
  close(): Promise<void>
}

/** Pages at once. Each costs a frame ten times a second. */
const MOST_PAGES = 16
/** An order is short: anything longer is refused. */
const LONGEST_ORDER_BYTES = 16_384
/** Too many pages are open already. */
const UNAVAILABLE = 503

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** A report brings its own script. It runs as if it came from nowhere, and so cannot reach the page. */
export const DOCUMENT_POLICY: string =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-downloads"

export async function startPageServer({ listen, connected, document }: PageServerOptions): Promise<PageServer> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LONGEST_ORDER_BYTES, perMessageDeflate: false })
  const server = await startGuardedServer({
    listen,
    option: '--ui-listen',
    tokenIn: ({ searchParams }) => searchParams.get('token') ?? '',
    contentOf({ pathname }, token) {
      const own = ownParts[pathname]?.(token)
      if (own !== undefined) return { status: 200, ...own, policy: PAGE_POLICY }
      const text = document(pathname)
      return text === undefined ? undefined : { status: 200, type: 'text/html', body: text, policy: DOCUMENT_POLICY }
    },
    upgraded(request, socket, head) {
      if (sockets.clients.size >= MOST_PAGES) refuseUpgrade(socket, UNAVAILABLE)
      else sockets.handleUpgrade(request, socket, head, (page) => openChannel(page, connected))
    },
  })
  const addressOf = (path: string) => `${server.origin}${path}?token=${server.token}`
  return {
    url: addressOf('/'),
    addressOf,
    async close() {
      for (const page of sockets.clients) page.terminate()
      await server.close()
    },
  }
}

const ownParts: { readonly [path: string]: ((token: string) => Pick<Content, 'type' | 'body'>) | undefined } = {
  '/': (token) => ({ type: 'text/html', body: shell(token) }),
  '/page.js': () => ({ type: 'text/javascript', body: readFileSync(pageScript(), 'utf8') }),
  '/page.css': () => ({ type: 'text/css', body: pageStyles }),
}

/** The page before its code runs. Everything else is drawn in the browser. */
const shell = (token: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>chaos</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css?token=${token}"></head>
<body><div id="page"><noscript>The live page needs JavaScript. The run goes on without it, and its report is written at the end.</noscript></div><script type="module" src="/page.js?token=${token}"></script></body></html>
`

/** The report's styles, for the ladder and the drawing are the report's, and the page's own. */
const pageStyles: string = `${stylesheet}\n${consoleStyles}`
