import { UNKNOWN_START } from '@chaosproxy/checker'
import { type EventInput, type Header, historyFromEvents, type Json } from '@chaosproxy/history'
import { createLiveJudge } from '@chaosproxy/runner'
import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import { kinds, type ObjectKind, type ObjectShape, randomObjectEvents } from '../../../checker/test/random-objects.ts'
import * as streams from '../../../checker/test/random-streams.ts'
import { eventsOf as eventsOfTransactions, type Kind } from '../../../checker/test/transactions/brute-force.ts'
import { randomShape, randomTransactions } from '../../../checker/test/transactions/random-transactions.ts'
import * as workQueues from '../../../checker/test/work-queue-orders.ts'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { judgeHistory, USUAL_CHECK } from '../../src/check/judged.ts'

// Compares the verdict after each event with the verdict of `chaos check` on the same events.

const RUNS = 30

type Verdict = 'met' | 'violated' | 'unknown'

interface Recorded {
  readonly model: string
  readonly initial: Json
  readonly mapping: 'routes' | undefined
  readonly events: readonly EventInput[]
}

/** A register whose clients write few values, so that values repeat. */
function registerKind(random: () => number): ObjectKind {
  const values = [1, 1, 2, 5][Math.floor(random() * 4)] ?? 1
  const casShare = random() < 0.5 ? 0 : 0.3
  const foreign = [7, '1', 'error', { value: 1 }][Math.floor(random() * 4)] ?? 7
  const value = (r: () => number): number => 1 + Math.floor(r() * values)
  return {
    simulate() {
      let held: Json = null
      return {
        apply({ f, value: input }) {
          if (f === 'read') return held
          if (f === 'cas') {
            const [from, to] = input as [Json, Json]
            if (held !== from) return undefined
            held = to
          } else held = input
          return input
        },
      }
    },
    ask(r) {
      if (r() < casShare) return { f: 'cas', value: [value(r), value(r)] }
      return r() < 0.5 ? { f: 'read', value: null } : { f: 'write', value: value(r) }
    },
    mutate: (output, { f }, r) => (f !== 'read' ? output : r() < 0.5 ? foreign : r() < 0.5 ? null : value(r)),
  }
}

const MODELS: { readonly [model: string]: (random: () => number) => ObjectKind } = { ...kinds, register: registerKind }

const STARTS: { readonly [model: string]: readonly Json[] } = {
  register: [null, 1, UNKNOWN_START],
  counter: [0, 1, null, UNKNOWN_START],
  bank: [{ a: 3, b: 0 }, null, UNKNOWN_START],
}

const recorded = (model: string): fc.Arbitrary<Recorded> =>
  fc
    .record({
      seed: fc.integer(),
      initial: fc.constantFrom(...(STARTS[model] ?? [null, UNKNOWN_START])),
      mapping: fc.constantFrom('routes' as const, undefined),
      keys: fc.integer({ min: 1, max: 3 }),
      operations: fc.integer({ min: 1, max: 12 }),
      processes: fc.integer({ min: 1, max: 3 }),
      unknown: fc.constantFrom(0, 0.2),
      failed: fc.constantFrom(0, 0.2),
      mutated: fc.constantFrom(0, 0, 0.2, 0.7),
    })
    .map(({ seed, initial, mapping, keys, ...shape }) => {
      const events = eventsOf(model, keys, shape, randomFrom(seed))
      return { model, initial, mapping, events }
    })

/** Returns the events of several objects, interleaved. */
function eventsOf(model: string, keys: number, shape: ObjectShape, random: () => number): EventInput[] {
  const make = MODELS[model]!
  const ofKeys = Array.from({ length: keys }, (_, key) =>
    randomObjectEvents(make(random), shape, random).map((event) => ({
      ...event,
      process: Number(event.process) + 1000 * key,
      key: `k${key}`,
      ...(event.type === 'fail' && random() < 0.5 ? { error: 'status 404' } : {}),
    })),
  )
  const events: EventInput[] = []
  while (ofKeys.some(({ length }) => length > 0)) {
    const next = ofKeys[Math.floor(random() * keys)]?.shift()
    if (next !== undefined) events.push({ ...next, time: 1_000_000 * events.length } as EventInput)
  }
  return events
}

const EXIT_VERDICTS: readonly Verdict[] = ['met', 'violated', 'unknown']

/** The verdict of `chaos check --expect` on the events, and the text that explains it. */
function checked({ model, initial, mapping }: Recorded, events: readonly EventInput[], level: string) {
  const header: Header = { chaos: 1, model, initial, ...(mapping === undefined ? {} : { mapping }) }
  const history = { ...historyFromEvents(events), header }
  const settings = { ...USUAL_CHECK, expect: level }
  const task = { file: 'h.jsonl', settings, alone: true, again: '', reportFile: undefined }
  const { exitCode, report, vacuous } = judgeHistory(task, { history, parseMs: 0 })
  return { verdict: EXIT_VERDICTS[exitCode] ?? 'unknown', why: [report.headline, ...vacuous].join(' | ') }
}

/** What the live judge claims and `chaos check` does not. */
function claimedAlone(record: Recorded): string | undefined {
  const { model, initial, mapping, events } = record
  const judge = createLiveJudge({ model, initial, mapping })
  for (const [position, event] of events.entries()) {
    judge.push(event)
    const { soFar, level } = judge.judged()
    if (soFar === 'not certain') continue
    const isLast = position === events.length - 1
    const said: Verdict = soFar === level ? 'met' : 'violated'
    const { verdict, why } = checked(record, events.slice(0, position + 1), level)
    if (verdict !== said) return `${isLast ? 'finally' : `after event ${position}`} ${soFar}; check: ${verdict}: ${why}`
  }
  return undefined
}

/** By model: draws the events of a whole history. For these models, `eventsOf` cannot draw each key separately. */
const WHOLE: { readonly [model: string]: (seed: number) => readonly EventInput[] } = {
  'rw-register': (seed) => transactions('register', randomFrom(seed)),
  'list-append': (seed) => transactions('list', randomFrom(seed)),
  stream: (seed) => streams.eventsOf(streams.drawn(seed)),
  'work-queue': (seed) =>
    workQueues.eventsOf(workQueues.drawn(seed, { operations: 9, clients: 3, lies: 4, values: 3 }).operations),
}

const transactions = (kind: Kind, random: () => number): readonly EventInput[] =>
  eventsOfTransactions(randomTransactions(randomShape(kind, random, 4), random), kind)

test.each(Object.entries(WHOLE))(
  'the live judge of %s histories claims nothing that chaos check does not',
  (model, draw) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(null, UNKNOWN_START), (seed, initial) => {
        const alone = claimedAlone({ model, initial, mapping: undefined, events: draw(seed) })
        expect(alone).toBeUndefined()
      }),
      { seed: inject('seed'), numRuns: RUNS },
    )
  },
)

test.each(Object.keys(MODELS))('the live judge of %s claims nothing that chaos check does not', (model) => {
  fc.assert(
    fc.property(recorded(model), (record) => {
      const alone = claimedAlone(record)
      if (alone === undefined) return
      const lines = record.events.map((event) => JSON.stringify(event)).join('\n')
      expect.fail(`${alone}\ninitial ${JSON.stringify(record.initial)} mapping ${record.mapping}\n${lines}`)
    }),
    { seed: inject('seed'), numRuns: RUNS },
  )
})
