import { type EventInput, historyFromEvents, millis } from '@chaosproxy/history'
import { verify } from '@chaosproxy/verifier'
import { describe, expect, inject, test } from 'vitest'
import { type Case, models, randomCase } from '../../../../verifier/test/histories.ts'
import { check } from '../../../src/check/check.ts'
import { prove } from '../../../src/proof/prove.ts'
import { many, manyOf } from '../../many.ts'
import { sha256 } from '../../proof/proving.ts'

const limits = { deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(performance.now()) }

function provedOf({ history, head, levels }: Case) {
  const report = check(history, {
    ...{ model: modelOf(head.model), initial: head.initial, levels: [...levels], failedCas: head.failedCas },
    ...limits,
  })
  return prove(history, report, { ...head, model: report.model }, { sha256 })
}

const modelOf = (name: string): string => (name === 'list transactions' ? 'list-append' : name)

describe.each(models)('the prover of the model %s', (model) => {
  test(`the prover proves only true verdicts, and the verifier accepts every proof, in ${manyOf(400)} histories`, () => {
    const first = inject('seed') * 10_000
    const counts = { proved: 0, decided: 0 }
    for (let seed = first; seed < first + many(400); seed++) {
      const given = randomCase(model, seed)
      const { proof, history = '', levels } = provedOf(given)
      const { findings } =
        proof === undefined ? { findings: [] } : verify({ history: [history], sha256: sha256(history), proof })
      for (const { level, verdict, why } of findings) expect(verdict, `${level}, seed ${seed}: ${why}`).toBe('accepted')
      for (const { level, result, verdict } of levels) {
        const isProved = verdict === 'accepted'
        if (isProved && given.levels.includes(level))
          expect([undefined, result === 'met'], `${level}, seed ${seed}`).toContain(given.truth(level))
        if (!given.levels.slice(0, 1).includes(level)) continue
        counts.decided++
        if (isProved) counts.proved++
      }
    }
    expect(counts.proved / counts.decided).toBeGreaterThan(0.97)
  })
})

test('prove refuses a history that the verifier cannot read, and says why', () => {
  const history = historyFromEvents([
    { process: 0, type: 'invoke', f: 'write', value: { clock: 1 } },
    { process: 0, type: 'ok', f: 'write', value: { clock: 1 } },
  ])
  const report = check(history, {
    ...{ model: 'register', initial: null, levels: ['linearizable'], failedCas: 'drop' },
    ...limits,
  })
  const { proof, levels } = prove(history, report, { model: 'register', initial: null }, { sha256 })
  expect(proof).toBeUndefined()
  expect(levels[0]).toMatchObject({ verdict: 'undecided', why: 'line 1: the verifier does not cover "clock":' })
})

test('prove adds the value null to a read of a list that has no value in EDN', () => {
  const events = [
    [['append', 'x', 1]],
    [
      ['append', 'y', 1],
      ['r', 'x'],
    ],
  ].flatMap((value) => [
    { process: 0, type: 'invoke' as const, f: 'txn', value },
    { process: 0, type: 'ok' as const, f: 'txn', value },
  ])
  const history = { ...historyFromEvents(events), format: 'edn' as const }
  const level = 'strict-serializable'
  const report = check(history, { model: 'list-append', initial: null, levels: [level], ...limits })
  const proved = prove(history, report, { model: 'list-append', initial: null }, { sha256 })
  expect(proved.history?.split('\n')[3]).toContain('"value":[["append","y",1],["r","x",null]]')
  expect(proved.levels.find((each) => each.level === level)).toMatchObject({ result: 'violated', verdict: 'accepted' })
})

test('the lines of a history that does not name its clients prove no order of clients', () => {
  const call = (process: number, f: string, value: number): EventInput[] => [
    { process, type: 'invoke', f, value: f === 'read' ? null : value },
    { process, type: 'ok', f, value },
  ]
  const events = [...call(0, 'write', 1), ...call(1, 'write', 2), ...call(2, 'read', 1)]
  const history = historyFromEvents(events, {
    header: { chaos: 1, sessions: { by: 'operation', named: false } },
  })
  const options = { model: 'register', initial: null, levels: ['linearizable', 'sequential'] } as const
  const report = check(history, { ...options, failedCas: 'drop', ...limits })
  const head = { model: 'register', initial: null } as const
  const { levels, history: text = '' } = prove(history, report, head, { sha256 })
  expect(levels).toMatchObject([{ level: 'linearizable', result: 'violated', verdict: 'accepted' }])
  const line = (level: string, order: readonly number[]): string => JSON.stringify({ level, result: 'met', order })
  const proof = `${JSON.stringify({ proof: 1, history: `sha256:${sha256(text)}`, ...head })}\n${line('sequential', [2, 6, 4])}\n`
  const { findings } = verify({ history: [text], sha256: sha256(text), proof })
  expect(findings).toMatchObject([{ verdict: 'undecided', why: 'not every operation names its client' }])
})
