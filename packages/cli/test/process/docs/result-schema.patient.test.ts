import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stories } from '@chaosproxy/scenarios'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect } from 'vitest'
import { BRIEF_COMPARISON, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { valueService } from '../../value-service.ts'

const schema: object = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'schema', 'result.schema.json'), 'utf8'))

/** The schema with `additionalProperties: false`, so that it must name all members. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed)
  if (typeof part !== 'object' || part === null) return part
  const members = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, closed(value)]))
  const isObject = 'properties' in part && (part as { type?: unknown }).type === 'object'
  return isObject && !('additionalProperties' in part) ? { ...members, additionalProperties: false } : members
}

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
const validate = ajv.compile(closed(schema) as object)

/** Returns the printed objects after validating each against the schema. */
function valid(stdout: string) {
  const lines = stdout.trim().split('\n')
  expect(lines).not.toEqual([''])
  return lines.map((line) => {
    const json = JSON.parse(line)
    validate(json)
    expect(validate.errors ?? []).toEqual([])
    return json
  })
}

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)
const out = () => ['--out', temporaryDirectory()]

describe('result.schema.json', () => {
  test('result.schema.json describes the --json output for met, violated, unknown and unreadable histories', async () => {
    const check = (...args: readonly string[]) => chaosHere(['check', ...args, '--json'])
    const [met] = valid((await check(history('fresh-read'), '--expect', 'linearizable')).stdout)
    expect(met.expectation).toEqual({ level: 'linearizable', met: true })
    const [violated] = valid((await check(history('stale-read'), '--require', 'staleness.max < 1ms')).stdout)
    expect(violated).toMatchObject({ levels: { linearizable: { result: 'violated' } }, requirements: [{ met: false }] })
    const [unknown] = valid((await check(history('stale-read'), '--memory', '1KB')).stdout)
    expect(JSON.stringify(unknown)).toMatch(/unknown/)
    const tied = join(temporaryDirectory(), 'tied.jsonl')
    const lines = [
      '"f":"write","input":1,"call_ms":1,"return_ms":2',
      '"f":"read","output":null,"call_ms":2,"return_ms":3',
    ]
    writeFileSync(tied, lines.map((line, client) => `{"client":${client},${line}}\n`).join(''))
    const [open] = valid((await check(tied)).stdout)
    expect(open.stamps).toEqual({ resolutionNanos: 1e6, skewNanos: 0, undecided: ['linearizable'] })
    const [read, unread] = valid((await check(history('fresh-read'), '/no/such.jsonl')).stdout)
    expect([read.chaos, unread]).toEqual([1, { chaos: 1, file: '/no/such.jsonl', error: expect.any(String) }])
  })

  test('result.schema.json describes --json for a set that lost an element, and for a recording without client names', async () => {
    const written = (lines: readonly object[]): string => {
      const file = join(temporaryDirectory(), 'history.jsonl')
      writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      return file
    }
    const operation = (process: number, f: string, value: unknown, more: object = {}) => [
      { process, type: 'invoke', f, value: f === 'read' ? null : value, ...more },
      { process, type: 'ok', f, value },
    ]
    const set = [...operation(0, 'add', 1), ...operation(0, 'add', 2), ...operation(1, 'read', [2, 3], { final: true })]
    const [accounted] = valid((await chaosHere(['check', written(set), '--model', 'set', '--json'])).stdout)
    expect(accounted.accounting.lost).toHaveLength(1)
    const register = [
      { chaos: 1, model: 'register', initial: 'unknown', sessions: { by: 'connection', named: false } },
      ...operation(0, 'write', 1, { key: 'x' }),
      ...operation(1, 'read', 1, { key: 'x' }),
    ]
    const [recorded] = valid((await chaosHere(['check', written(register), '--json'])).stdout)
    expect(recorded.record.sessions).toEqual({ by: 'connection', named: false })
  })

  patientTest(
    'result.schema.json describes the --json output for runs that keep a promise, break it, or prove nothing',
    async () => {
      const simulated = ['run', '--sim', '--time', '2s', '--rate', '150', '--seed', '3', '--json']
      const kept = valid((await chaosHere([...simulated, '--faults', 'partition', '--times', '2', ...out()])).stdout)
      expect(kept.map(({ seed, faults }) => [seed, faults.length > 0])).toEqual([
        [3, true],
        [4, true],
      ])
      const broken = ['--bug', 'stale-read', '--faults', 'isolate-leader', '--times', '3', ...out()]
      const results = valid((await chaosHere([...simulated, ...broken])).stdout)
      expect(results.some(({ expectation }) => expectation.met === false)).toBe(true)
      const idle = ['--faults', 'none', '--rate', '1', '--time', '100ms', '--require', 'p99 during kill < 1s', ...out()]
      const [vacuous] = valid((await chaosHere([...simulated, ...idle])).stdout)
      expect(vacuous.requirements).toMatchObject([{ met: 'unknown' }])
    },
  )

  patientTest('result.schema.json describes the --json output for a recording', async () => {
    const { cwd, record } = valueService()
    const client = 'fetch("http://{n1}/x").then((answer) => fetch(answer.url + "?other", { method: "POST" }))'
    const { stdout } = await chaosHere([...record, '--json', '--', 'node', '-e', client], { cwd })
    const [recorded] = valid(stdout)
    expect(recorded).toMatchObject({
      target: 'record',
      record: { passedOn: [{ what: expect.stringContaining('POST') }] },
    })
  })

  patientTest('result.schema.json describes the --json output for searches with and without a finding', async () => {
    const fuzz = ['fuzz', '--json', '--shrink', '1s', '--workers', '1']
    const [found] = valid((await chaosHere([...fuzz, '--bug', 'stale-read', '--seeds', '40', ...out()])).stdout)
    expect(found).toMatchObject({ chaos: 1, found: true, failures: [{ kind: expect.any(String) }] })
    const [nothing] = valid((await chaosHere([...fuzz, '--seeds', '2', ...out()])).stdout)
    expect(nothing).toMatchObject({ chaos: 1, found: false, failures: [] })
    const followed = ['--target', 'paxos', '--bug', 'ignore-highest-accepted', '--seeds', '60', ...out()]
    const [{ failures }] = valid((await chaosHere([...fuzz, ...followed])).stdout)
    expect(failures).toContainEqual(expect.objectContaining({ after: 'chosen values stay chosen' }))
  })

  test('result.schema.json describes the --json output for comparisons with and without a sweep', async () => {
    const compare = ['compare', '--json', ...BRIEF_COMPARISON, '--faults', 'partition', '--targets']
    const [plain] = valid((await chaosHere([...compare, 'raft'])).stdout)
    expect(plain).toMatchObject({ chaos: 1, systems: [{ cells: [{ condition: 'calm' }, { condition: 'partition' }] }] })
    const swept = ['primary-replica:reads=primary', '--sweep', 'sync=0..1', '--network', 'geo']
    const [curve] = valid((await chaosHere([...compare, ...swept])).stdout)
    expect(curve.systems.map(({ value }: { value: string }) => value)).toEqual(['0', '1'])
  })

  patientTest.each(stories.map(({ name }) => name))(
    'result.schema.json describes the --json output for the scenario %s',
    async (name) => {
      const [told] = valid((await chaosHere(['scenario', name, '--json'])).stdout)
      expect(told).toMatchObject({ chaos: 1, story: name, fix: false, asTold: true })
    },
  )

  test('result.schema.json describes the --json output for a scenario and for its fixed version', async () => {
    const [told] = valid((await chaosHere(['scenario', 'stale-history', '--json'])).stdout)
    expect(told).toMatchObject({ chaos: 1, story: 'stale-history', fix: false, asTold: true })
    const [prevented] = valid((await chaosHere(['scenario', 'stale-history', '--fix', '--json'])).stdout)
    expect(prevented).toMatchObject({ fix: true, asTold: true })
  })
})

test('result.schema.json is part of the package, and chaos reporters prints its path', async () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8'))
  expect(exports['./schema/result.schema.json']).toBe('./schema/result.schema.json')
  expect((await chaosHere(['reporters'])).stdout.replaceAll(/\s+/g, ' ')).toContain('schema/result.schema.json')
})
