import { FLAG_ANSWERED, FLAG_FINAL } from '../columns/history-columns.ts'
import { type EventInput, eventTypes, type Json, type Process } from '../event/event.ts'

/**
 * The events of operations that cross an edge of a stretch (a part of a recording), so that the stretch contains only
 * their invocation or only their completion. The events are stored as columns, because unknown outcomes can leave a
 * million of them. Names are indices; -1 means no name. Plain data.
 */
export interface EdgeEvents {
  /** By event: its position among the client events of the stretch (a part of a recording). */
  readonly positions: readonly number[]
  readonly processes: readonly Process[]
  /** Positions in `eventTypes`. */
  readonly types: readonly number[]
  readonly functions: readonly number[]
  readonly keys: readonly number[]
  readonly values: readonly (Json | undefined)[]
  readonly nodes: readonly number[]
  readonly times: readonly number[]
  readonly flags: readonly number[]
  readonly errors: readonly number[]
  readonly texts: readonly string[]
}

export interface EdgeEvent {
  readonly position: number
  readonly process: Process
  readonly type: number
  readonly f: number
  readonly key: number
  readonly value: Json | undefined
  readonly node: number
  readonly time: number
  readonly flags: number
  readonly error: string | undefined
}

export class EdgeEventList implements EdgeEvents {
  readonly positions: number[] = []
  readonly processes: Process[] = []
  readonly types: number[] = []
  readonly functions: number[] = []
  readonly keys: number[] = []
  readonly values: (Json | undefined)[] = []
  readonly nodes: number[] = []
  readonly times: number[] = []
  readonly flags: number[] = []
  readonly errors: number[] = []
  readonly texts: string[] = []
  readonly #numbers: Map<string, number> = new Map()

  add({ position, process, type, f, key, value, node, time, flags, error }: EdgeEvent): void {
    this.positions.push(position)
    this.processes.push(process)
    this.types.push(type)
    this.functions.push(f)
    this.keys.push(key)
    this.values.push(value)
    this.nodes.push(node)
    this.times.push(time)
    this.flags.push(flags)
    this.errors.push(error === undefined ? -1 : this.#numberOf(error))
  }

  #numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.texts.length)
    return this.texts.push(text) - 1
  }
}

export interface StretchNames {
  readonly functions: readonly string[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
}

export const edgeEvent = (events: EdgeEvents, at: number, names: StretchNames): EventInput => {
  const flags = events.flags[at] ?? 0
  return {
    process: events.processes[at] ?? 0,
    type: eventTypes[events.types[at] ?? 0] ?? 'info',
    f: names.functions[events.functions[at] ?? 0] ?? '',
    key: names.keys[events.keys[at] ?? -1],
    value: events.values[at],
    node: names.nodes[events.nodes[at] ?? -1],
    time: events.times[at] ?? 0,
    final: (flags & FLAG_FINAL) !== 0,
    answered: (flags & FLAG_ANSWERED) !== 0,
    error: events.texts[events.errors[at] ?? -1],
  }
}
