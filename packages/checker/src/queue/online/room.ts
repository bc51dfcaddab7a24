import { type Caller, callerInWords, canonical, type Json, UserError } from '@chaosproxy/history'
import { isUnknownStart } from '../../encoding/unknown-start.ts'
import {
  type Called,
  type Ended,
  GivenUp,
  Impossible,
  type ObjectMonitor,
  type OnlineRoom,
  tooMuch,
} from '../../online/object-monitor.ts'
import { capital, show } from '../../verdict/words.ts'
import { bag } from '../bag.ts'
import { DRAIN, ENQUEUE, messagesAtFirst, NO_MESSAGE, queueFunctions, queueNumbers } from '../operations.ts'
import { queue } from '../queue.ts'
import { createMonitorFromAny } from './any-start.ts'
import type { MessageName } from './message.ts'
import {
  createMessageMonitor,
  type Doubt,
  type Flight,
  type Impossible as Impossibility,
  type MessageMonitor,
} from './monitor.ts'

/** An operation in flight. */
export interface Asked {
  readonly caller: Caller
  readonly input: Json | undefined
  readonly kind: number
  readonly flight: Flight
}

/** What queues and bags differ in. */
interface Kind {
  readonly model: string
  readonly isInOrder: boolean
}

/**
 * Queues and bags of distinct messages. What comes out though it was never put in, comes out twice or out of order is
 * reported at the very event after which `check` would report it. That a dequeue found nothing is judged once all
 * dequeues called before its return have ended. It gives up objects in which a message is put while an equal one may be in.
 * If the initial content is unknown, violations are reported only of what happened since a dequeue first found nothing.
 *
 * It holds the messages that may be in, and those that came out while some dequeue is in flight.
 */
const messageRoom = ({ model, isInOrder }: Kind): OnlineRoom<Asked> => ({
  model,
  functions: queueFunctions,
  knows: (f) => Object.hasOwn(queueNumbers, f),
  observes: () => false,
  mayLackInput: (f) => queueNumbers[f] !== ENQUEUE,
  monitors({ initial, retainAtMost }) {
    if (isUnknownStart(initial)) return (of) => watchMessages(createMonitorFromAny(isInOrder), of, retainAtMost)
    const messages = messagesAtFirst(initial).map((text) => nameOf(JSON.parse(text)))
    const isRepeated = new Set(messages).size < messages.length
    return (of) =>
      isRepeated ? nobody : watchMessages(createMessageMonitor({ isInOrder, messages }), of, retainAtMost)
  },
})

const REPEATED = new GivenUp('equal messages may be in it at once, so that it is unclear which one comes out')

const nobody: ObjectMonitor<Asked> = {
  called: () => REPEATED,
  ended: () => undefined,
  doubt: () => undefined,
  retained: () => 0,
}

const nameOf = (value: Json): MessageName => (typeof value === 'number' ? value : canonical(value))

function watchMessages(monitor: MessageMonitor, of: string, retainAtMost: number): ObjectMonitor<Asked> {
  return {
    called({ position, event: caller, f, input }: Called) {
      if (monitor.retained() >= retainAtMost) return tooMuch(retainAtMost)
      const kind = queueNumbers[f]
      if (kind !== ENQUEUE) return { caller, input, kind, flight: monitor.take(position, kind === DRAIN) }
      if (input === null || input === undefined) throw new UserError('input', `event ${position}: ${NO_MESSAGE}.`)
      const flight = monitor.put(position, nameOf(input))
      return flight === undefined ? REPEATED : { caller, input, kind, flight }
    },
    ended(asked, ending) {
      const impossible = end(monitor, asked, ending)
      return impossible === undefined ? undefined : new Impossible(sentence(asked, ending, impossible, of))
    },
    doubt() {
      const doubt = monitor.doubt()
      return doubt === undefined ? undefined : doubts[doubt]
    },
    retained: () => monitor.retained(),
  }
}

const doubts: { readonly [doubt in Doubt]: string } = {
  open: 'a dequeue found nothing, and what others in flight took is not known yet',
  ambiguous: 'dequeues of unknown outcome may have taken one message or another before it was found empty',
  lost: 'what was in it at first is not known, and may explain what came out',
}

function end(
  monitor: MessageMonitor,
  { caller, kind, flight }: Asked,
  { position, type, output }: Ended,
): Impossibility | undefined {
  if (type === 'info') return monitor.abandoned(flight)
  if (type === 'fail') return monitor.failed(flight)
  if (kind === ENQUEUE) return monitor.succeeded(position, flight, [], false)
  if (kind !== DRAIN) {
    const isEmpty = output === null || output === undefined
    return monitor.succeeded(position, flight, isEmpty ? [] : [nameOf(output)], isEmpty)
  }
  const out = output ?? []
  if (!Array.isArray(out)) {
    const said = `event ${position}: ${callerInWords(caller)}'s drain returns a list, not ${JSON.stringify(output)}.`
    throw new UserError('input', said)
  }
  return monitor.succeeded(position, flight, out.map(nameOf), true)
}

function sentence({ caller, input }: Asked, { type, output }: Ended, impossible: Impossibility, of: string): string {
  const did =
    type === 'ok'
      ? `${capital(callerInWords(caller))} dequeued ${show(output ?? null)}${of}`
      : `${capital(callerInWords(caller))}'s dequeue${of} took nothing for certain`
  switch (impossible.is) {
    case 'not there':
      return `${did}, but ${shown(impossible.message)} was never put in, or had been taken out before.`
    case 'too late':
      return `${did}, but ${shown(impossible.message)} must have been out by then: what was put in after it had been taken out, or nothing was left.`
    case 'left behind':
      return `${did}, but ${shown(impossible.message)} was in before, and no dequeue can have taken it.`
    case 'never put in':
      return `${capital(callerInWords(caller))}'s enqueue of ${show(input ?? null)}${of} certainly failed, but the message had been taken out.`
    case 'never empty':
      return `A dequeue${of} found nothing, but all the time something was in.`
    default:
      return impossible satisfies never
  }
}

const shown = (name: MessageName): string => (typeof name === 'number' ? String(name) : show(JSON.parse(name)))

/** Bags, judged while they are recorded. */
export const bagRoom: OnlineRoom<Asked> = messageRoom({ model: bag.name, isInOrder: false })

/** Queues, judged while they are recorded. */
export const queueRoom: OnlineRoom<Asked> = messageRoom({ model: queue.name, isInOrder: true })
