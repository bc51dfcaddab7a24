import { check } from '@chaosproxy/checker'
import { type EventInput, type Json, millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import { prove } from '../../../checker/src/proof/prove.ts'
import { streamLadder } from '../../../checker/src/stream/guarantees.ts'
import { watchLadder } from '../../../checker/src/watch/guarantees.ts'
import { guarantees, workQueueLadder } from '../../../checker/src/work-queue/guarantees.ts'
import { atLeast, many, manyOf } from '../../../checker/test/many.ts'
import * as streams from '../../../checker/test/random-streams.ts'
import { caseOf, drawing, linesOf } from '../../../checker/test/random-watches.ts'
import * as queues from '../../../checker/test/work-queue-orders.ts'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { createVerifier, type LevelProof, readHistory, verify } from '../../src/index.ts'
import { hashOf, textOfEvents } from '../maker.ts'
import { randomStore } from '../random-stores.ts'

// Tests the verifier on proofs of guarantees for small random histories. The verifier must not refuse a proof of the
// checker, and must not accept an invented proof of a false verdict. A failure reports its seed.

interface Drawn {
  readonly events: readonly EventInput[]
  readonly initial: Json
  /** Returns whether a guarantee is kept, by brute force. Absent for models without brute force. */
  readonly isKept?: (guarantee: string) => boolean
}

interface Model {
  readonly title: string
  readonly name: string
  readonly levels: readonly string[]
  readonly draw: (seed: number) => Drawn
  /** The minimum share of verdicts that are proved. */
  readonly proved: number
}

function workQueue(seed: number): Drawn {
  const shape = { operations: 7, clients: 3, lies: 5, values: 1 + (seed % 3) }
  const { operations, initial } = queues.drawn(seed, shape)
  const isUnknown = seed % 4 === 0
  return {
    events: queues.eventsOf(operations),
    initial: isUnknown ? 'unknown' : initial,
    isKept: (name) => {
      const guarantee = guarantees.find((each) => each === name)
      return guarantee === undefined || queues.isKept(guarantee, operations, isUnknown ? [] : initial, isUnknown)
    },
  }
}

const oneWatch = (seed: number): Drawn => {
  const [drawn] = fc.sample(drawing, { numRuns: 1, seed })
  return { events: linesOf(caseOf(drawn!)).flat(), initial: null }
}

const models: readonly Model[] = [
  // For work queues, a smaller share is proved: the verifier does not prove `first-in-first-out` if equal messages were
  // in a queue.
  { title: 'work queues', name: 'work-queue', levels: workQueueLadder.levels, draw: workQueue, proved: 0.9 },
  {
    ...{ title: 'streams', name: 'stream', levels: streamLadder.levels, proved: 0.99 },
    draw: (seed) => ({ events: streams.eventsOf(streams.drawn(seed)), initial: null }),
  },
  { title: 'one watch', name: 'watch', levels: watchLadder.levels, draw: oneWatch, proved: 1 },
  {
    ...{ title: 'stores and their watches', name: 'watch', levels: watchLadder.levels, proved: 0.95 },
    draw: (seed) => ({ events: randomStore(randomFrom(seed)), initial: null }),
  },
]

const named = models.map((model) => [model.title, model] as const)

function judged({ name, levels }: Model, { events, initial }: Drawn) {
  const history = smallHistory(events)
  const report = check(history, {
    ...{ model: name, levels, initial, failedCas: 'drop', memoryBytes: 1e9 },
    ...{ deadlineMs: millis(60_000), now: () => millis(0) },
  })
  const head = { model: name, ...(initial === 'unknown' ? {} : { initial }) }
  return { history, report, head }
}

test.each(named)(
  `the verifier accepts the proofs of the checker's verdicts on %s, in ${manyOf(4_000)} histories`,
  (_, model) => {
    const count = { decided: 0, proved: 0 }
    for (let n = 0; n < many(4_000); n++) {
      const seed = inject('seed') + n
      const { history, report, head } = judged(model, model.draw(seed))
      const { proof, history: text = '', levels } = prove(history, report, head, { sha256: hashOf })
      for (const { level, result, verdict, why } of levels) {
        expect(result, `${level}, seed ${seed}`).toBe(report.levels[level]?.result)
        expect(verdict, `${level}, seed ${seed}: ${why}`).not.toBe('refused')
        count.decided++
        if (verdict === 'accepted') count.proved++
      }
      if (proof === undefined) continue
      const { findings } = verify({ history: [text], sha256: hashOf(text), proof })
      expect(
        findings.filter(({ verdict }) => verdict !== 'accepted'),
        `seed ${seed}`,
      ).toEqual([])
    }
    expect(count.proved / count.decided).toBeGreaterThanOrEqual(model.proved)
  },
)

/** Yields proofs that an attacker might write to claim that a level is violated or met. */
function* inventedProofs(level: string, lines: readonly number[], others: readonly number[][], random: () => number) {
  const shuffled = lines.toSorted(() => random() - 0.5)
  const other = others[Math.floor(random() * others.length)] ?? []
  for (const core of [[], [...lines], shuffled.slice(0, 1), shuffled.slice(0, 2 + Math.floor(random() * 4)), other])
    yield { level, result: 'violated', core } satisfies LevelProof
  yield { level, result: 'met', whole: true } satisfies LevelProof
}

test.each(named)(
  `the verifier accepts no proof of a false verdict on %s, in ${manyOf(4_000)} histories`,
  (_, model) => {
    const count = { wrong: 0, accepted: 0 }
    for (let n = 0; n < many(4_000); n++) {
      const seed = inject('seed') + n
      const drawn = model.draw(seed)
      const { history, report, head } = judged(model, drawn)
      const text = textOfEvents(drawn.events)
      const accepts = createVerifier(readHistory([text]), { proof: 1, history: '', ...head })
      const { callLine } = history.operations
      const cores = Object.values(report.levels).flatMap((verdict) =>
        verdict.result === 'violated'
          ? [verdict.counterexample.operations.map(({ operation }) => callLine[operation]!)]
          : [],
      )
      for (const level of model.levels)
        for (const proof of inventedProofs(level, [...callLine], cores, randomFrom(seed))) {
          const isRight = report.levels[level]?.result === proof.result
          if (!isRight) count.wrong++
          if (accepts([proof]).verdict !== 'accepted') continue
          count.accepted++
          if (!isRight) expect.fail(`seed ${seed}: ${JSON.stringify(proof)} is accepted\n${text}`)
          const { isKept } = drawn
          if (isKept !== undefined && guarantees.some((each) => each === level))
            expect(isKept(level), `${level}, seed ${seed}`).toBe(proof.result === 'met')
        }
    }
    expect(count.wrong).toBeGreaterThan(atLeast(40_000))
    expect(count.accepted).toBeGreaterThan(atLeast(10_000))
  },
)
