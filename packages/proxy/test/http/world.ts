import { type HttpFault, httpFamily } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { RecordedLines } from '../../../testing/src/recorded-lines.ts'
import { ManualClock } from '../../../testing/src/sockets.ts'
import { createHttpFaults } from '../../src/http/http-faults.ts'
import { outlet } from '../outlet.ts'
import { textTable } from './live.ts'

/** Connections of one HTTP route, without sockets. `there` and `here` collect what the server and the client get. */
export function httpWorld({ isRecorded = true }: { readonly isRecorded?: boolean } = {}) {
  const clock = new ManualClock()
  const client = new RecordedLines()
  const backend = new RecordedLines()
  const recorder = createRecorder({ now: () => nanos(clock.nowMs() * 1e6), client, backend })
  const relieved: (() => void)[] = []
  const queue = { congested: false, whenRelieved: (callback: () => void) => void relieved.push(callback) }
  const http = createHttpFaults({ seed: 1, clock, recorder, recordQueues: [queue] })
  const intercept = http.intercept({ from: 'clients', to: 'n1', table: isRecorded ? textTable : undefined })
  let connections = 0
  function connect() {
    const [there, here] = [outlet(), outlet()]
    const ending = { aborted: false }
    const connection = intercept({
      id: ++connections,
      client: { host: '127.0.0.1', port: 1 },
      requests: there.exit,
      responses: here.exit,
      dial: () => undefined,
      abort() {
        ending.aborted = true
      },
      guard: (callback) => callback(),
    })
    /** Tells the connection that everything it passed on was delivered. */
    const deliver = () => {
      connection.requests.delivered(there.out.text.length)
      connection.responses.delivered(here.out.text.length)
    }
    const receive = (side: 'requests' | 'responses') => (text: string) => {
      // The received bytes are overwritten afterwards, as in a socket's read buffer.
      const scratch = Buffer.from(text, 'latin1')
      connection[side].receive(scratch)
      scratch.fill(0)
      deliver()
    }
    return {
      ...{ connection, ending, deliver, ask: receive('requests'), answer: receive('responses') },
      ...{ there: there.out, here: here.out },
    }
  }
  const apply = (fault: { readonly kind: HttpFault['kind']; readonly [name: string]: unknown }) =>
    http.apply(httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test'))
  const counters = () => http.statistics().get('clients>n1')
  return { clock, client, recorder, queue, relieved, apply, counters, connect, ...connect() }
}
