import { describe, expect, test } from 'vitest'
import type { JobEnd } from '../../src/jobs/job.ts'
import { printOrder, readEnd, readOrder, readSpec } from '../../src/queue/message.ts'
import { searchKinds, seedsKind } from '../../src/search/queue-kinds.ts'
import type { SeedsSpec } from '../../src/search/worker.ts'

const spec: SeedsSpec = {
  subject: {
    target: 'raft',
    bug: undefined,
    targetSettings: {},
    level: 'linearizable',
    workload: 'register',
    settings: {},
    nodes: undefined,
    operations: 60,
    choices: { faults: ['kill'] },
  },
  first: 65,
  count: 64,
  strategies: ['windows'],
  invariants: true,
  verifyDeterminism: false,
  stopAtFirst: true,
}
const throughRedis = (value: object): { [member: string]: unknown } => JSON.parse(JSON.stringify(value))

const sent = (order: object) => throughRedis(printOrder(seedsKind, order, { looks: 12 }))

describe('a queued search job', () => {
  test('a queued search job is read back from the queue unchanged', () => {
    const { kind, spec: read, looks } = readOrder(searchKinds, sent(spec))
    expect([kind, readSpec(kind, read, new Set()), looks]).toEqual([seedsKind, spec, 12])
  })

  test('a queued search job is refused if it was sent by another version of chaos', () => {
    expect(() => readOrder(searchKinds, { ...sent(spec), version: '0.0.0' })).toThrow(
      /the job comes from chaos 0\.0\.0, but this worker runs chaos/,
    )
  })

  test('a queued search job is refused if its kind is unknown', () => {
    expect(() => readOrder(searchKinds, { ...sent(spec), kind: 'guess' })).toThrow('there is no kind "guess"')
  })

  test.each([
    ['a file with code', { subject: { ...spec.subject, target: './mine.ts' } }, 'subject.target'],
    ['a workload from a file', { subject: { ...spec.subject, workload: '/tmp/w.ts' } }, 'subject.workload'],
    ['a program', { subject: { ...spec.subject, target: 'exec:rm' } }, 'subject.target'],
    ['seeds without an end', { count: 1e9 }, 'count'],
    ['members that nobody knows', { require: 'child_process' }, 'require'],
    ['strategies that there are not', { strategies: ['guessing'] }, 'strategies.0'],
  ])('a queued search job is refused if it contains %s', (_, wrong, where) => {
    const { kind, spec: read } = readOrder(searchKinds, sent({ ...spec, ...wrong }))
    expect(() => readSpec(kind, read, new Set(['/tmp/other.ts']))).toThrow(
      `this is not a job of the kind search: ${where}: `,
    )
  })
})

describe('the result of a worker', () => {
  const value = {
    trials: 64,
    steps: 9,
    evidence: { missing: [], undecided: 0, reasons: [], unanswered: { write: 2 } },
    findings: [],
    tried: {},
    interesting: [70],
  }
  const read = (end: object): JobEnd<unknown> =>
    readEnd(throughRedis(end), (result) => seedsKind.readResult(result, spec))

  test('the result of a worker is accepted if it fits the job', () => {
    expect(read({ type: 'done', value })).toEqual({ type: 'done', value })
  })

  test('the result of a worker is refused if it is malformed or concerns other seeds', () => {
    const failure = { kind: 'violation', level: 'linearizable', sentence: 'a read was stale' }
    const scenario = {
      ...{ target: 'raft', workload: 'register', settings: {}, targetSettings: {}, nodes: 3, seed: 1, timeoutMs: 100 },
      ...{ operations: [], faults: [] },
    }
    const finding = { seed: 65, strategy: 'windows', failure, scenario }
    const found = (wrong: object) => read({ type: 'done', value: { ...value, findings: [{ ...finding, ...wrong }] } })
    expect(found({}).type).toBe('done')
    expect(() => found({ seed: 1 })).toThrow('its trials are not all of seeds 65 to 128')
    expect(() => read({ type: 'done', value: { ...value, interesting: [1] } })).toThrow(
      'its trials are not all of seeds',
    )
    expect(() => found({ scenario: { ...scenario, target: 'exec:rm' } })).toThrow(
      'its scenario is for exec:rm and register',
    )
    expect(() => found({ scenario: { operations: 'none' } })).toThrow('findings.0.scenario')
    expect(() => found({ failure: { ...failure, kind: 'boredom' } })).toThrow('findings.0.failure')
    expect(() => read({ type: 'done', value: { ...value, trials: -1 } })).toThrow(
      'a worker returned an impossible result: trials',
    )
  })
})
