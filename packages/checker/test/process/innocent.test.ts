import type { Level } from '@chaosproxy/checker'
import type { EventInput, History, Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory, onlyRows } from '../checking.ts'
import { atLeast, many } from '../many.ts'
import { standAlone } from '../proof/proving.ts'
import { kinds, randomObjectEvents } from '../random-objects.ts'
import { modelNames } from '../registry.ts'

// Checks that every read in the core of a contradiction is necessary: without the read, the core no longer violates the
// level, or no longer proves the violation. Writes are not checked. A write may be in the core because a read returned
// its value. Without the write, the read would return a value that nobody wrote, which is no better explanation. The
// seed changes with each run; a failure reports it.

const baseSeed = inject('seed')
const initials: { readonly [model: string]: Json } = { bank: { a: 3, b: 0 } }

const OBSERVING: readonly string[] = ['read', 'get', 'contains']

/** Reports whether an operation only observes. */
const isRead = (history: History, row: number): boolean =>
  OBSERVING.includes(history.functions[history.operations.f[row] ?? 0] ?? '')

interface Case {
  readonly events: readonly EventInput[]
  readonly model: (typeof modelNames)[number]
  readonly initial: Json
  readonly level: Level
}

/** Describes an operation of the core that is not necessary: without it, the level is still violated. */
function innocentIn({ events, model, initial, level }: Case): string | undefined | 'not violated' {
  const history = smallHistory(events)
  const { levels } = checkHistory(history, { model, initial, levels: [level] })
  const verdict = levels[level]
  if (verdict.result !== 'violated') return 'not violated'
  const core = verdict.counterexample.operations.flatMap(({ operation, role }) => (role === 'core' ? [operation] : []))
  const isViolatedBy = (rows: readonly number[]): boolean => {
    const alone = smallHistory(onlyRows(events, history, rows))
    return checkHistory(alone, { model, initial, levels: [level] }).levels[level].result === 'violated'
  }
  if (!isViolatedBy(core)) return `the core ${core} is no violation by itself`
  const isProved = standAlone(history, { model, initial }, level)
  const reads = core.filter((row) => isRead(history, row))
  const innocent = reads.find((row) => {
    const fewer = core.filter((each) => each !== row)
    return isViolatedBy(fewer) && (!isProved(core) || isProved(fewer))
  })
  return innocent === undefined ? undefined : `${innocent} is not needed in ${core}: ${verdict.counterexample.sentence}`
}

const listed = (events: readonly EventInput[]): string => events.map((event) => JSON.stringify(event)).join('\n')

test.each(modelNames.filter((name) => name !== 'register'))(
  `every read in the counterexample of a %s is needed for the contradiction (seed ${baseSeed})`,
  (model) => {
    let violated = 0
    for (let n = 0; n < many(700); n++) {
      const random = randomFrom(baseSeed + n)
      const shape = {
        processes: 2 + Math.floor(random() * 3),
        operations: 4 + Math.floor(random() * 9),
        unknown: random() < 0.3 ? 0.2 : 0,
        failed: 0,
        mutated: 0.3,
      }
      const events = randomObjectEvents(kinds[model]!(random), shape, random)
      const found = innocentIn({ events, model, initial: initials[model] ?? null, level: 'linearizable' })
      if (found === 'not violated') continue
      violated++
      if (found !== undefined) expect.fail(`seed ${baseSeed + n}: ${found}\n${listed(events)}`)
    }
    expect(violated).toBeGreaterThan(atLeast(70))
  },
)

const registers: { readonly [what: string]: Partial<Shape> } = {
  strings: { append: true },
  'registers with distinct values': { values: 0 },
  'registers with repeated values': { values: 2 },
  'registers with cas': { values: 3, cas: true },
}

test.each(Object.keys(registers))(
  `every read in the counterexample of %s is needed for the contradiction (seed ${baseSeed})`,
  (what) => {
    let violated = 0
    for (let n = 0; n < many(500); n++) {
      const random = randomFrom(baseSeed + n)
      const shape: Shape = {
        ...{ processes: 2 + Math.floor(random() * 3), operations: 4 + Math.floor(random() * 9), keys: 1, values: 2 },
        ...{ cas: false, store: 'stale', unknown: random() < 0.3 ? 0.2 : 0, failed: 0, mutated: 0.1 },
        ...registers[what],
      }
      const events = randomEvents(shape, random)
      const initial = shape.append === true ? '' : null
      for (const level of ['linearizable', 'sequential'] as const) {
        const found = innocentIn({ events, model: 'register', initial, level })
        if (found === 'not violated') continue
        violated++
        if (found !== undefined) expect.fail(`seed ${baseSeed + n}, ${level}: ${found}\n${listed(events)}`)
      }
    }
    expect(violated).toBeGreaterThan(atLeast(50))
  },
)
