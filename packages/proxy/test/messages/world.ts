import type { MessageFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import type { Harm } from '../../../testing/src/fault-parts.ts'
import { ManualClock } from '../../../testing/src/sockets.ts'
import type { Framing } from '../../../wire/src/framing/framing.ts'
import { jsonLines } from '../../../wire/src/framing/json-lines.ts'
import type { Interceptor } from '../../src/interceptor/interceptor.ts'
import { createMessageFaults } from '../../src/messages/message-faults.ts'
import { outlet } from '../outlet.ts'

export const to = [{ from: 'n1', to: 'n2' }]
export const back = [{ from: 'n2', to: 'n1' }]
export const drop = { kind: 'drop-message' } as const
export const twice = { kind: 'duplicate-message', copies: 1 } as const
export const late = { kind: 'delay-message', delayMs: millis(100), jitterMs: millis(0) } as const
export const behind = (others: number, withinMs = 1000) =>
  ({ kind: 'reorder-message', behind: others, withinMs: millis(withinMs) }) as const
export const again = (others: number, withinMs = 1000) =>
  ({ kind: 'replay-message', behind: others, withinMs: millis(withinMs) }) as const

/** Connections of one framed route, without sockets. `there` and `here` collect what the server and the client get. */
export function world({ framing = jsonLines as Framing, seed = 1, maxMessageBytes = 1000 } = {}) {
  const clock = new ManualClock()
  const faults = createMessageFaults({ seed, clock, maxMessageBytes })
  const intercept = faults.intercept({ from: 'n1', to: 'n2', framing })
  let connections = 0
  function connect() {
    const [there, here] = [outlet(), outlet()]
    const ending = { aborted: false }
    const disturbed: string[][] = []
    const interceptor: Interceptor = intercept({
      id: ++connections,
      client: { host: '127.0.0.1', port: 1 },
      requests: there.exit,
      responses: here.exit,
      dial: () => undefined,
      abort() {
        ending.aborted = true
      },
      guard: (callback) => callback(),
      disturbed: (altered = []) => void disturbed.push(altered.map((bytes) => bytes.toString('latin1'))),
    })
    const send = (text: string) => {
      // The received bytes are overwritten afterwards, as in a socket's read buffer.
      const scratch = Buffer.from(text, 'latin1')
      interceptor.requests.receive(scratch)
      scratch.fill(0)
    }
    return { interceptor, send, ending, disturbed, there: there.out, here: here.out }
  }
  const apply = (harm: Harm<MessageFault>, rest: Partial<MessageFault> = {}) =>
    faults.apply({ links: to, ...rest, ...harm } as MessageFault)
  return { clock, faults, connect, apply, ...connect() }
}

export const numbers = (from: number, until: number) =>
  Array.from({ length: until - from + 1 }, (_, i) => `${from + i}\n`).join('')
