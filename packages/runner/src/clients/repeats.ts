import { meaningIn } from '@chaosproxy/checker'
import { count, type Event } from '@chaosproxy/history'
import type { WireEvent } from '../ports/cluster.ts'
import { Recent } from './recent.ts'
import { createSums, type Sums } from './sums.ts'

/** Detects changes that a client sent again after a lost answer, and that were executed twice. */
export interface Repeats {
  /** Takes an event of a client; `backend` takes the events of nodes. `line` is the proxy's record of the event. */
  client(line: string, event: WireEvent): void
  backend(event: WireEvent): void
  /** Returns the reasons to doubt the record; empty if no operation was executed twice. */
  doubts(): readonly string[]
}

/** Matches the proxy's record of an operation that a client sent again after a reconnect. */
const REPEATS = /"repeats":(\d+),"resent":true/
const MOST_KEYS = 3
/** Maximum number of repetitions to examine. */
const MOST_REPETITIONS = 10_000

interface Repetition {
  readonly key: string
  readonly first: Event['process']
  isDone: boolean
}

export function createRepeats(model: string): Repeats {
  /** The last answer of a node to each process. Clients' events and nodes' events have the same process numbers. */
  const outcomes = new Recent<Event['process'], 'nothing yet' | 'done' | 'refused'>()
  const open = new Map<Event['process'], Repetition>()
  const repetitions: Repetition[] = []
  let further = 0
  const sums = createSums()
  return {
    client(line, event) {
      const { type, process, f, key, value } = event
      sums.client(event)
      if (type !== 'invoke') return
      outcomes.delete(process)
      const first = REPEATS.exec(line)?.[1]
      // Ignores a repetition if the first attempt had no effect because it never left the proxy.
      if (first === undefined || !(outcomes.has(Number(first)) || outcomes.hasForgotten)) return
      const isSum = f === 'cas' && (value === null || value === undefined)
      if (!isSum && meaningIn(model, f)?.accumulates !== true) return
      if (repetitions.length >= MOST_REPETITIONS) {
        further++
        return
      }
      const repetition = { key: key ?? f, first: Number(first), isDone: false }
      open.set(process, repetition)
      repetitions.push(repetition)
    },
    backend({ type, process }) {
      if (type === 'invoke') outcomes.set(process, 'nothing yet')
      else if (type === 'ok') outcomes.set(process, 'done')
      else if (type === 'fail') outcomes.set(process, 'refused')
      const repetition = open.get(process)
      if (repetition === undefined || type === 'invoke') return
      open.delete(process)
      repetition.isDone = type === 'ok'
    },
    doubts() {
      const done = repetitions.filter(({ isDone, first }) => isDone && outcomes.get(first) !== 'refused')
      const certain = done.filter(({ first }) => outcomes.get(first) === 'done')
      const open = done.filter(({ first }) => outcomes.get(first) !== 'done')
      const { twice, perhaps } = classifyRepetitions(open, sums)
      return [
        ...sentence([...certain, ...twice], 'both times'),
        ...sentence(perhaps, 'perhaps'),
        ...(further === 0 ? [] : [tooMany(further)]),
      ]
    },
  }
}

/**
 * Determines which repeated requests were executed twice, certainly or perhaps. No node answered the first attempts of
 * these requests. If the answered additions do not explain a value, a first attempt was executed.
 */
function classifyRepetitions(
  repetitions: readonly Repetition[],
  sums: Sums,
): { readonly twice: readonly Repetition[]; readonly perhaps: readonly Repetition[] } {
  const twice: Repetition[] = []
  const perhaps: Repetition[] = []
  for (const key of new Set(repetitions.map((repetition) => repetition.key))) {
    const each = repetitions.filter((repetition) => repetition.key === key)
    const hidden = sums.hidden(key)
    const seen = Math.min(each.length, hidden.seen)
    twice.push(...each.slice(0, seen))
    if (!hidden.isAll) perhaps.push(...each.slice(seen))
  }
  return { twice, perhaps }
}

const tooMany = (further: number): string =>
  `${count(further)} further changes were sent again by the same client after their answer was lost, and may have been carried out both times: there were too many to look into. Record a shorter time`

function sentence(repetitions: readonly Repetition[], how: 'both times' | 'perhaps'): readonly string[] {
  const total = repetitions.length
  if (total === 0) return []
  const keys = [...new Set(repetitions.map(({ key }) => key))]
  const more = keys.length > MOST_KEYS ? ` and ${keys.length - MOST_KEYS} more` : ''
  const [changes, were] = total === 1 ? ['change', 'was'] : ['changes', 'were']
  const carried = how === 'both times' ? 'and carried out both times' : 'and may have been carried out both times'
  return [
    `${total} ${changes} whose answer was lost ${were} sent again by the same client ${carried} (on ${keys.slice(0, MOST_KEYS).join(', ')}${more}). If the driver repeats changes by itself, a change that the app asked for once was applied twice. For ioredis, maxRetriesPerRequest: 0 prevents this. To prove that a change was applied twice, record the app with a route table, and this server with --as tcp`,
  ]
}
