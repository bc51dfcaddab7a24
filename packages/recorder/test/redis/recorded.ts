import type { Event } from '@chaosproxy/history'
import { createRecorder } from '../../src/record/recorder.ts'
import { type RespRecorderOptions, recordResp } from '../../src/redis/resp-recorder.ts'
import { RedisInMemory } from './redis-in-memory.ts'

type Options = Partial<RespRecorderOptions> & { readonly answer?: (words: readonly string[]) => string | undefined }

/**
 * Records connections to a `RedisInMemory`, without sockets. `told` returns each event as `process type f key=value`,
 * followed by `!error` if the event has an error.
 */
export function recorded({ answer, ...options }: Options = {}) {
  const views = { client: [] as Event[], backend: [] as Event[] }
  const sinkTo = (events: Event[]) => ({ write: (line: string) => void events.push(JSON.parse(line) as Event) })
  let time = 0
  /** Returns nanoseconds. Each call advances the clock by one. */
  const now = () => ++time as ReturnType<Parameters<typeof createRecorder>[0]['now']>
  const recorder = createRecorder({ now, client: sinkTo(views.client), backend: sinkTo(views.backend) })
  const server = new RedisInMemory(answer)
  const recording = recordResp({ recorder, node: 'n1', ...options })
  /** Whether requests reach the server (`to`), and replies reach the client (`back`). */
  const link = { to: true, back: true }
  /** Lets time pass, in milliseconds. */
  const pass = (ms: number): void => {
    time += ms * 1e6
  }

  /** A connection, whose bytes are passed on as a proxy does. */
  function connect() {
    const read = recording.open({ host: '10.0.0.1', naming: { kind: 'said' } })
    const at = server.connect()
    let [length, sent, isOver] = [0, 0, false]
    const client = {
      /** Number of bytes of replies that have arrived. */
      get length() {
        return length
      },
      send(text: string | Buffer): void {
        const bytes = Buffer.from(text)
        read.requested(bytes, now())
        if (!link.to) return
        sent += bytes.length
        read.sent(sent, now())
        const reply = Buffer.from(at.receive(bytes.toString('utf8')))
        if (reply.length === 0) return
        read.answered(reply)
        if (!link.back) return
        length += reply.length
        read.delivered(length)
      },
      /** Reports lost or reordered messages. The server gets these requests in place of the client's. */
      disturb: (...requests: readonly string[]) => read.disturbed(requests.map((request) => Buffer.from(request))),
      /** Resets the connection. */
      reset(): void {
        if (isOver) return
        isOver = true
        read.hungUp()
        read.closed()
      },
    }
    return client
  }
  const client = connect()
  const told = (view: keyof typeof views = 'client') =>
    views[view]
      .filter(({ process }) => process !== 'recorder')
      .map(({ process, type, f, key, value, error }) =>
        [process, type, f, `${key}=${JSON.stringify(value)}`, error === undefined ? '' : `!${error}`].join(' ').trim(),
      )
  /** Returns the recorder's own marks, as `f key: what`. */
  const marks = (view: keyof typeof views = 'client') =>
    views[view]
      .filter(({ process, f }) => process === 'recorder' && f !== 'passed-on')
      .map(({ f, key = '*', value }) => `${f} ${key}: ${(value as { what: string }).what}`)
  return { recorder, server, link, pass, connect, client, ask: client.send, views, told, marks }
}
