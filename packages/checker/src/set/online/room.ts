import { type Caller, callerInWords, canonical, type Json, UserError } from '@chaosproxy/history'
import { isUnknownStart } from '../../encoding/unknown-start.ts'
import {
  type Called,
  type Ended,
  Impossible,
  type ObjectMonitor,
  type OnlineRoom,
  tooMuch,
} from '../../online/object-monitor.ts'
import { capital, show } from '../../verdict/words.ts'
import { ADD, CONTAINS, elementsAtFirst, READ, REMOVE, setNumbers } from '../operations.ts'
import { elementOf, found, set } from '../set.ts'
import type { ElementName } from './element.ts'
import { createSetMonitor, type Flight, type Impossible as Impossibility, type SetMonitor } from './monitor.ts'

/** An operation in flight. */
interface Asked {
  readonly caller: Caller
  readonly kind: number
  readonly input: Json
  readonly flight: Flight
}

/**
 * Sets. A violation is reported at the very event after which `check` would report one, unless an addition and a removal
 * of one element overlap, or one of the two has an unknown outcome, or the element came and went during one read: then
 * the element, or that read of it, is not judged, and the answer is `not certain` from then on.
 *
 * It holds the elements that are in, those with operations in flight, and those with operations of unknown outcome.
 */
export const setRoom: OnlineRoom<Asked> = {
  model: set.name,
  functions: set.functions,
  knows: (f) => Object.hasOwn(setNumbers, f),
  observes: (f) => setNumbers[f] === READ || setNumbers[f] === CONTAINS,
  mayLackInput: (f) => setNumbers[f] === READ,
  monitors({ initial, retainAtMost }) {
    const first = isUnknownStart(initial) ? undefined : elementsAtFirst(initial).map(nameOf)
    return (of) => watchSet(createSetMonitor(first), of, retainAtMost)
  },
}

const nameOf = (value: Json): ElementName => (typeof value === 'number' ? value : canonical(value))

const AMBIGUOUS =
  'an element was added and removed at the same time, or during one read, so that what was seen of it is ambiguous'

function watchSet(monitor: SetMonitor, of: string, retainAtMost: number): ObjectMonitor<Asked> {
  function begin(kind: number, position: number, input: Json): Flight {
    if (kind === ADD) return monitor.add(position, nameOf(input))
    return kind === REMOVE ? monitor.remove(position, nameOf(input)) : monitor.observe(position)
  }
  return {
    called({ position, event: caller, f, input = null }: Called) {
      if (monitor.retained() >= retainAtMost) return tooMuch(retainAtMost)
      const kind = setNumbers[f]
      return { caller, kind, input, flight: begin(kind, position, input) }
    },
    ended(asked, ending) {
      const impossible = end(monitor, asked, ending)
      return impossible === undefined ? undefined : new Impossible(sentence(asked, ending, impossible, of))
    },
    doubt: () => (monitor.isAmbiguous() ? AMBIGUOUS : undefined),
    retained: () => monitor.retained(),
  }
}

function end(monitor: SetMonitor, { caller, kind, input, flight }: Asked, ending: Ended): Impossibility | undefined {
  const { position, type, output = null } = ending
  if (type === 'info') return monitor.abandoned(position, flight)
  if (type === 'fail') return monitor.failed(position, flight)
  if (kind === CONTAINS) return monitor.contained(position, flight, nameOf(elementOf(input, output)), found(output))
  if (kind !== READ) return monitor.acknowledged(position, flight)
  const content = output ?? []
  if (!Array.isArray(content)) {
    const said = `event ${position}: ${callerInWords(caller)}'s read returns a list, not ${JSON.stringify(output)}.`
    throw new UserError('input', said)
  }
  return monitor.read(position, flight, content.map(nameOf))
}

function sentence({ caller, kind, input }: Asked, { output }: Ended, impossible: Impossibility, of: string): string {
  const did =
    kind === CONTAINS
      ? `${capital(callerInWords(caller))} asked${of} whether ${show(input)} is in`
      : `${capital(callerInWords(caller))} read the set${of}`
  switch (impossible.is) {
    case 'not there':
      return `${did} and found ${shown(impossible.element)}, which had not been added, or had been removed.`
    case 'missing':
      return `${did} and did not find ${shown(impossible.element)}, which had been added and not removed.`
    case 'twice':
      return `${did} and found ${shown(impossible.element)} twice.`
    case 'contradicted':
      return `${did} and found ${show(output ?? null)}, which no order of the changes explains together with what was found before.`
    case 'never happened':
      return `${capital(callerInWords(caller))}'s change of ${show(input)}${of} certainly failed, but it had been seen.`
    default:
      return impossible satisfies never
  }
}

const shown = (name: ElementName): string => (typeof name === 'number' ? String(name) : show(JSON.parse(name)))
