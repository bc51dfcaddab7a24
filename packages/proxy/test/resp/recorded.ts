import type { Event } from '@chaosproxy/history'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { type RespRecorderOptions, recordResp } from '../../../recorder/src/redis/resp-recorder.ts'
import { dial, network, Received } from '../../../testing/src/sockets.ts'
import { resp } from '../../../wire/src/resp/resp.ts'
import { chain } from '../../src/interceptor/chain.ts'
import { recordConversations } from '../../src/interceptor/recorded-conversations.ts'
import { createMessageFaults } from '../../src/messages/message-faults.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { serveResp } from '../redis.ts'

type Answer = Parameters<typeof serveResp>[0]

/**
 * A recorded connection to a server. Each event is listed as `process type f key=value`, and `!error` if it has an
 * error.
 */
export async function recorded(options: Partial<RespRecorderOptions> & { answer?: Answer; messages?: boolean } = {}) {
  const views = { client: [] as Event[], backend: [] as Event[] }
  const sinkTo = (events: Event[]) => ({ write: (line: string) => void events.push(JSON.parse(line) as Event) })
  const recorder = createRecorder({
    now: startRunClock(),
    client: sinkTo(views.client),
    backend: sinkTo(views.backend),
  })
  const server = await serveResp(options.answer)
  const made = network()
  const recording = recordConversations(recordResp({ recorder, node: 'n1', ...options }), recorder)
  const messages = createMessageFaults({ seed: 1 })
  const framed = messages.intercept({ from: 'clients', to: 'n1', framing: resp })
  const intercept = options.messages === true ? chain(recording, framed) : recording
  const route = await made.route({ from: 'clients', to: 'n1', upstream: server, intercept })
  const connect = async () => new Received(await dial(route))
  const client = await connect()
  const told = (view: keyof typeof views = 'client') =>
    views[view]
      .filter(({ process }) => process !== 'recorder')
      .map(({ process, type, f, key, value, error }) =>
        [process, type, f, `${key}=${JSON.stringify(value)}`, error === undefined ? '' : `!${error}`].join(' ').trim(),
      )
  /** Returns the recorder's own marks, such as `touched y: a request that a fault changed`. */
  const marks = (view: keyof typeof views = 'client') =>
    views[view]
      .filter(({ process, f }) => process === 'recorder' && f !== 'passed-on')
      .map(({ f, key = '*', value }) => `${f} ${key}: ${(value as { what: string }).what}`)
  /** Sends a text, and waits until this many more bytes of replies have arrived. */
  async function ask(text: string, answerBytes: number): Promise<void> {
    const wanted = client.length + answerBytes
    client.socket.write(text)
    await client.until((received) => received.length >= wanted)
  }
  return { recorder, server, network: made, route, connect, client, views, told, marks, ask, messages }
}
