import type { Socket } from 'node:net'
import type { Recording } from 'chaosproxy'
import { Agent, type buildConnector, type Dispatcher, getGlobalDispatcher } from 'undici'

/** Options of the dispatcher for requests to origins outside the recording. */
export interface DispatcherOptions {
  /** By default the global dispatcher at the time of the call. */
  readonly others?: Dispatcher | undefined
}

/**
 * Returns a dispatcher for use within this process. Requests to the recording's servers pass its recorder and its
 * faults; clients keep their URLs. Give the dispatcher to `setGlobalDispatcher`, which also affects Node's own `fetch`,
 * or to a single request as `dispatcher`. Requests to the recording's servers fail once the recording is stopped.
 * Closing the dispatcher leaves `others` open.
 */
export function dispatcherThrough(recording: Recording, options: DispatcherOptions = {}): Dispatcher {
  const { others = getGlobalDispatcher() } = options
  const nameOf = namesIn(recording)
  const connect: buildConnector.connector = ({ protocol, host }, connected) => {
    // If a connector calls back before it returns, undici does not notice the connection.
    queueMicrotask(() => {
      try {
        // Undici uses no members that only a Socket has, so any duplex stream can replace a Socket.
        connected(null, recording.dial(nameOf(`${protocol}//${host}`)) as Socket)
      } catch (error) {
        connected(error instanceof Error ? error : new Error(String(error)), null)
      }
    })
  }
  const recorded = new Agent({ connect, allowH2: false })
  return recorded.compose((dispatch) => (request, handler) => {
    const isRecorded = request.origin !== undefined && nameOf(request.origin) !== undefined
    return isRecorded ? dispatch(request, handler) : others.dispatch(request, handler)
  })
}

/**
 * Returns a function that returns the name of a URL's server; undefined for a server outside the recording.
 * `localhost`, `127.0.0.1` and `[::1]` are one host. Otherwise, a request to another of these names would bypass the
 * recorder, and its effect would look like the service's fault.
 */
function namesIn({ origins }: Pick<Recording, 'origins'>): (url: string | URL) => string | undefined {
  const named = new Map([...origins].map(([name, origin]) => [origin, name]))
  const onThisMachine = new Map([...origins].map(([name, origin]) => [withOneLoopback(origin), name]))
  return (url) => named.get(new URL(url).origin) ?? onThisMachine.get(withOneLoopback(url))
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

function withOneLoopback(url: string | URL): string {
  const { protocol, hostname, port, origin } = new URL(url)
  return LOOPBACK.has(hostname) ? `${protocol}//localhost:${port}` : origin
}
