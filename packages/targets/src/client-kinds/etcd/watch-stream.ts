import { type ClientRequest, request } from 'node:http'
import type { Json } from '@chaosproxy/history'
import { type Body, bodyIn, bodyOf, isBody, listIn, numberIn } from '../../clients/json-body.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import type { Trouble } from '../../clients/trouble.ts'
import { decodedIn } from './gateway.ts'
import { valueIn } from './store.ts'

/** The events of one watch, in order of arrival. Never reconnects. */
export interface WatchStream {
  /** The store's revision when the watch was created. */
  readonly present: number
  /**
   * Resolves with the events since the last call, as soon as there is one. Resolves with no events after `waitMs`, and
   * with a `Trouble` once the stream has ended.
   */
  take(waitMs: number): Promise<readonly Json[] | Trouble>
  close(): void
}

interface WatchStreamOptions {
  readonly address: NodeAddress
  readonly request: object
  /** Returns the name that the history uses for an etcd key. Undefined if the history does not contain the key. */
  readonly nameOf: (key: string) => string | undefined
  readonly timeoutMs: number
}

export function openWatchStream({
  address,
  request: create,
  nameOf,
  timeoutMs,
}: WatchStreamOptions): Promise<WatchStream | Trouble> {
  return new Promise((resolve) => {
    const { host, port } = address
    const body = JSON.stringify({ create_request: create })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const call: ClientRequest = request({ host, port, path: '/v3/watch', method: 'POST', agent: false, headers })
    const arrived: Json[] = []
    let rest = ''
    let failure: string | undefined
    let waiting: (() => void) | undefined
    const wake = () => {
      waiting?.()
      waiting = undefined
    }

    function broken(why: string): void {
      failure ??= why
      clearTimeout(timer)
      call.destroy()
      resolve({ type: 'fail', error: failure })
      wake()
    }

    function line(text: string): void {
      const message = bodyOf(text)
      const result = message === undefined ? undefined : message['result']
      if (!isBody(result)) {
        broken(`this line is not an answer to a watch: ${text.slice(0, 200)}`)
        return
      }
      if (result['created'] === true && result['canceled'] !== true) {
        clearTimeout(timer)
        resolve({ present: numberIn(bodyIn(result, 'header'), 'revision'), take, close: () => broken('closed') })
        return
      }
      const response = responseOf(result, nameOf)
      if (response !== undefined) arrived.push(response)
      wake()
    }

    async function take(waitMs: number): Promise<readonly Json[] | Trouble> {
      if (arrived.length === 0 && failure === undefined)
        await new Promise<void>((done) => {
          const late = setTimeout(done, waitMs)
          waiting = () => {
            clearTimeout(late)
            done()
          }
        })
      if (arrived.length > 0 || failure === undefined) return arrived.splice(0)
      return { type: 'fail', error: failure }
    }

    const timer = setTimeout(() => broken(`timeout after ${timeoutMs} ms`), timeoutMs)
    call.on('error', (error: NodeJS.ErrnoException) => broken(error.code ?? error.message))
    call.on('response', (answer) => {
      answer.setEncoding('utf8')
      answer.on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const each of lines) if (each.trim() !== '') line(each)
      })
      answer.on('error', (error: NodeJS.ErrnoException) => broken(error.code ?? error.message))
      answer.on('close', () => broken('the stream ended'))
    })
    call.end(body)
  })
}

/** Returns the response as the history records it; undefined if all its events concern keys outside the history. */
function responseOf(result: Body, nameOf: WatchStreamOptions['nameOf']): Json | undefined {
  const events = listIn(result, 'events')
  if (result['canceled'] === true) {
    const compacted = numberIn(result, 'compact_revision')
    return compacted === 0 ? { ended: true } : { ended: true, compacted }
  }
  if (events.length === 0) return { progress: numberIn(bodyIn(result, 'header'), 'revision') }
  const known = events.map((event) => eventOf(event, nameOf)).filter((event) => event !== undefined)
  return known.length === 0 ? undefined : { events: known }
}

function eventOf(event: Body, nameOf: WatchStreamOptions['nameOf']): Json | undefined {
  const kv = bodyIn(event, 'kv')
  const key = nameOf(decodedIn(kv, 'key'))
  if (key === undefined) return undefined
  const revision = numberIn(kv, 'mod_revision')
  const previous = 'prev_kv' in event ? { previous: valueIn(decodedIn(bodyIn(event, 'prev_kv'), 'value')) } : {}
  if (event['type'] === 'DELETE') return { revision, key, ...previous }
  const created = numberIn(kv, 'create_revision') === revision
  return { revision, key, value: valueIn(decodedIn(kv, 'value')), created, ...previous }
}
