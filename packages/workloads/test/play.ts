import { check, type Report } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import {
  type Completion,
  type Event,
  type History,
  historyFromEvents,
  type Input,
  millis,
  nanos,
} from '@chaosproxy/history'
import { keysIn, type Settings, settingsFor, type Workload, type WorkloadClient } from '../src/index.ts'
import type { Follower } from '../src/workload.ts'
import type { PlainObject } from './objects.ts'

export interface PlayOptions {
  readonly seed: number
  readonly clients: number
  readonly operations: number
  /** The share of operations of unknown outcome. */
  readonly unknown: number
  /** Whether clients plan their operations before the first answer. */
  readonly planned?: boolean
  readonly settings?: Settings
}

interface Actor {
  readonly client: WorkloadClient
  readonly follower: Follower | undefined
  readonly planned: Input[]
  process: number
  input?: Input | undefined
  completion?: Completion | undefined
}

/**
 * Runs the clients of a workload on one object. The object executes each operation at one moment between its call and
 * its return, so the history is correct by construction. At the end, each of three nodes gets the final operations.
 */
export function play(workload: Workload, object: PlainObject, options: PlayOptions): History {
  const random = createRandom(options.seed)
  const clients = workload.create(settingsFor(workload, options.settings), 0)
  const events: Event[] = []
  const keys = new Set<string>()
  let processes = 0
  const record = (actor: Pick<Actor, 'process'>, type: Event['type'], input: Input, more: object): void => {
    const { f, key, value } = input
    for (const each of keysIn(input)) keys.add(each)
    const index = events.length
    events.push({ index, time: nanos(index * 1000), process: actor.process, type, f, key, value, ...more } as Event)
  }
  const actors: Actor[] = Array.from({ length: options.clients }, (_, rank) => ({
    client: clients.client(random.fork(`client ${rank}`), rank),
    follower: options.planned === true ? workload.follow?.() : undefined,
    planned: [],
    process: processes++,
  }))
  const turns = Array.from({ length: options.operations }, () => random.pick(actors))
  if (options.planned === true) for (const { client, planned } of turns) planned.push(client.next())

  const ask = (actor: Actor): void => {
    const { client, follower, planned } = actor
    const next = planned.shift() ?? client.next()
    actor.input = follower?.filledIn(next) ?? next
    record(actor, 'invoke', actor.input, {})
  }
  const carryOut = (input: Input): Completion => {
    if (!random.chance(options.unknown)) return object(input)
    if (random.chance(0.5)) object(input)
    return { type: workload.reads.includes(input.f) ? 'fail' : 'info', error: 'timeout' }
  }
  const complete = (actor: Actor, input: Input, completion: Completion): void => {
    const more = completion.type === 'ok' ? { value: completion.value } : { error: completion.error }
    record(actor, completion.type, input, more)
    if (options.planned === true) actor.follower?.learned(input, completion)
    else actor.client.learned?.(input, completion)
    if (completion.type === 'info') actor.process = processes++
    actor.input = undefined
    actor.completion = undefined
  }

  let begun = 0
  for (;;) {
    const open = actors.filter(({ input }) => input !== undefined)
    const mayBegin = begun < options.operations
    if (!mayBegin && open.length === 0) break
    const actor = mayBegin ? (turns[begun] as Actor) : random.pick(open)
    const begins = mayBegin && (open.length === 0 || random.chance(0.4)) && actor.input === undefined
    if (begins) {
      begun++
      ask(actor)
      continue
    }
    const other = random.pick(open)
    if (other.input === undefined) continue
    if (other.completion === undefined) other.completion = carryOut(other.input)
    else complete(other, other.input, other.completion)
  }
  for (let node = 0; node < 3; node++) {
    const reader = { process: processes++ }
    for (const input of workload.finale([...keys])) {
      record(reader, 'invoke', input, { final: true })
      const completion = object(input)
      record(reader, completion.type, input, completion.type === 'ok' ? { value: completion.value } : {})
    }
  }
  return historyFromEvents(events)
}

export const judged = (workload: Workload, history: History): Report =>
  check(history, {
    model: workload.model,
    initial: workload.initial,
    levels: workload.levels,
    failedCas: 'drop',
    deadlineMs: millis(20_000),
    memoryBytes: 500_000_000,
    now: () => millis(performance.now()),
  })
