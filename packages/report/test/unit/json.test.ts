import { levels } from '@chaosproxy/checker'
import { expect, test } from 'vitest'
import { countOperations } from '../../../runner/src/result/statistics.ts'
import { allMet, made, ms, report, staleRead, summary, violated } from '../../../testing/src/timeline.ts'
import { toJson } from '../../src/reporters/result-json.ts'

const stale = staleRead()
// Converts the result to text and back, as a reader of --json gets it.
const json = (input: Parameters<typeof toJson>[0]) => JSON.parse(JSON.stringify(toJson(input)))

test('the JSON output lists the operations of a counterexample with times, nodes and lines', () => {
  const { levels: verdicts } = json({ report: stale.report, history: stale.history, checkMs: 3 })
  expect(verdicts.linearizable.result).toBe('violated')
  expect(verdicts.linearizable.counterexample).toMatchObject({ culprit: 3, keys: ['x'], statesBefore: [7] })
  expect(verdicts.linearizable.counterexample.operations[3]).toEqual({
    process: 4,
    f: 'read',
    key: 'x',
    input: null,
    output: 6,
    type: 'ok',
    call: 12_034_000_000,
    return: 12_035_000_000,
    node: 'n2',
    lines: [8, 9],
    role: 'core',
  })
})

test('every level is listed in --json, strongest first, each unknown level with its reason', () => {
  const { levels: verdicts } = json({ report: stale.report, history: stale.history, checkMs: 3 })
  expect(Object.keys(verdicts)).toEqual([...levels])
  expect(verdicts.sequential).toEqual({
    result: 'unknown',
    reason: 'out of time after 30 s: no order found among 1,204 tried',
    kind: 'time',
  })
})

test('the edges in --json refer to indexes in the list of operations', () => {
  const history = made([
    { p: 0, f: 'write', in: 1, from: 0, to: 1 },
    { p: 1, f: 'write', in: 2, from: 2, to: 3 },
  ])
  const sequential = violated({
    level: 'sequential',
    sentence: 's',
    keys: [],
    operations: [{ operation: 1, role: 'core' }],
    edges: [{ before: 1, after: 1, reason: 'process order' }],
  })
  const { levels: verdicts } = json({ report: report('x', { sequential }), history, checkMs: 0 })
  expect(verdicts.sequential.counterexample.edges).toEqual([{ before: 0, after: 0, reason: 'process order' }])
})

test('the JSON of a file contains its name, and the JSON of a run its directory, phases and expectation', () => {
  expect(json({ report: allMet(), history: stale.history, file: 'h.jsonl', parseMs: 1, checkMs: 2 })).toMatchObject({
    file: 'h.jsonl',
    headline: 'linearizable',
    timing: { parseMs: 1, checkMs: 2 },
  })
  const phase = { majority: true, share: 0.5, p50Nanos: ms(1), p99Nanos: ms(2) }
  const run = summary({
    expectation: { level: 'linearizable', met: false },
    phases: [
      { ...phase, phase: 'calm', operations: 300, availability: 1 },
      { ...phase, phase: 'kill', operations: 100, availability: 0.6 },
      { ...phase, phase: 'kill+pause', operations: 0, availability: Number.NaN },
    ],
  })
  expect(json({ report: stale.report, history: stale.history, run, directory: 'D', checkMs: 2 })).toMatchObject({
    run: 'D',
    seed: 4417,
    availability: { overall: 0.9, phases: { calm: 1, kill: 0.6, 'kill+pause': null } },
    expectation: { level: 'linearizable', met: false },
  })
})

test('an unanswered operation in --json has null as its return time', () => {
  const history = made([{ p: 0, f: 'write', in: 1, from: 5e9 }])
  const linearizable = violated({
    level: 'linearizable',
    sentence: 's',
    keys: [],
    operations: [{ operation: 0, role: 'core' }],
  })
  const page = json({ report: report('x', { linearizable }), history, checkMs: 0 })
  expect(page.levels.linearizable.counterexample.operations[0].return).toBeNull()
  expect(page.latency.p50Nanos).toBeNull()
})

test('operations in --json are counted by outcome, and as reads, writes and cas', () => {
  const history = made([
    { p: 0, f: 'write', in: 1, from: 1, to: 2 },
    { p: 1, f: 'cas', in: [1, 2], from: 1, to: 3, type: 'fail' },
    { p: 2, f: 'read', from: 1 },
    { p: 3, f: 'get', out: 1, from: 4, to: 5 },
    { p: 3, f: 'toString', in: 1, from: 6, to: 7 },
  ])
  expect(countOperations(history)).toEqual({ total: 5, ok: 3, fail: 1, info: 1, reads: 2, writes: 1, cas: 1 })
})
