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
  const names = new Map([...recording.origins].map(([name, origin]) => [origin, name]))
  const connect: buildConnector.connector = ({ protocol, host }, connected) => {
    // If a connector calls back before it returns, undici does not notice the connection.
    queueMicrotask(() => {
      try {
        // Undici uses only the members of a stream, so any stream may stand for a Socket.
        connected(null, recording.dial(names.get(originOf(`${protocol}//${host}`))) as Socket)
      } catch (error) {
        connected(error instanceof Error ? error : new Error(String(error)), null)
      }
    })
  }
  const recorded = new Agent({ connect, allowH2: false })
  return recorded.compose((dispatch) => (request, handler) => {
    const isRecorded = request.origin !== undefined && names.has(originOf(request.origin))
    return isRecorded ? dispatch(request, handler) : others.dispatch(request, handler)
  })
}

const originOf = (url: string | URL): string => new URL(url).origin
