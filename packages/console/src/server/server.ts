import { readFileSync } from 'node:fs'
import { stylesheet } from '@chaosproxy/report'
import { WebSocketServer } from 'ws'
import { bundled } from './built-file.ts'
import { type Channel, openChannel } from './channel.ts'
import { consoleStyles } from './console-styles.ts'
import { contentPolicy } from './content-policy.ts'
import { type Content, refuseUpgrade, startGuardedServer } from './guarded-server.ts'

interface PageServerOptions {
  /** `host:port`; port 0 selects any free port. */
  readonly listen: string
  /** Called when a page connects. Returns the receiver of its messages. */
  readonly connected: (channel: Channel) => (text: string) => void
  /** Returns a document other than the page, by its path. */
  readonly document: (path: string) => string | undefined
}

export interface PageServer {
  readonly url: string
  addressOf(path: string): string
  close(): Promise<void>
}

/** The maximum number of open pages. Each open page costs ten frames a second. */
const MOST_PAGES = 16
/** The maximum size of a command that a page sends. Larger ones are refused. */
const LONGEST_ORDER_BYTES = 16_384
const UNAVAILABLE = 503

const PAGE_POLICY = contentPolicy("script-src 'self'; style-src 'self'; connect-src 'self'")
/**
 * The content security policy of a report. The report's script runs in an opaque origin, so it cannot reach the live
 * page.
 */
export const DOCUMENT_POLICY: string = `${contentPolicy("style-src 'unsafe-inline'; script-src 'unsafe-inline'")}; sandbox allow-scripts allow-downloads`

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
  '/page.js': () => ({ type: 'text/javascript', body: readFileSync(bundled('page.js'), 'utf8') }),
  '/page.css': () => ({ type: 'text/css', body: pageStyles }),
}

/** Returns the HTML of the page. The script draws the rest. */
const shell = (token: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>chaos</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css?token=${token}"></head>
<body><div id="page"><noscript>The live page needs JavaScript. The run goes on without it, and its report is written at the end.</noscript></div><script type="module" src="/page.js?token=${token}"></script></body></html>
`

const pageStyles: string = `${stylesheet}\n${consoleStyles}`
