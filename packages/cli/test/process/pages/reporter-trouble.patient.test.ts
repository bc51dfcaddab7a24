import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

// A reporter that throws, and a reporter that cannot write its file. Neither may hide a violation.

const SERVER = `
  import { createServer } from 'node:http'
  const values = [0]
  createServer((request, response) => {
    if (request.method === 'PUT') values.push(Number(request.url.replace(/.*=/, '')))
    const value = values.at(process.argv[3] === 'stale' && values.length > 1 ? -2 : -1)
    // The delay makes requests that are sent together overlap.
    setTimeout(() => response.end(String(value)), 50)
  }).listen(Number(process.argv[2]), '127.0.0.1')
`
/** The client performs one read concurrently with each write, and one read after it. */
const CLIENT = `
  const ask = async (path, method) => (await fetch(process.argv[2] + path, { method })).text()
  for (const value of [1, 2, 3]) {
    await Promise.all([ask('/item?value=' + value, 'PUT'), ask('/item', 'GET')])
    await ask('/item', 'GET')
  }
`
const ROUTES = {
  initial: { value: 0 },
  routes: [
    { request: 'GET /item', key: { const: 'item' }, f: 'read', result: 'body' },
    { request: 'PUT /item', key: { const: 'item' }, f: 'write', value: 'query.value' },
  ],
}

function project(): string {
  const cwd = temporaryDirectory()
  const grumpy = `export default () => { throw new Error('I would rather not') }`
  const files = {
    'server.mjs': SERVER,
    'client.mjs': CLIENT,
    'routes.json': JSON.stringify(ROUTES),
    'grumpy.mjs': grumpy,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return cwd
}

const record = (reads: 'fresh' | 'stale', ...options: readonly string[]): readonly string[] => [
  ...['record', '--serve', `node server.mjs {port} ${reads}`, '--as', 'routes.json', '--seed', '1', ...options],
  ...['--', 'node', 'client.mjs', 'http://{n1}'],
]
const LEVEL = ['--expect', 'linearizable']
const run = (target: string, ...options: readonly string[]) => [
  ...['run', '--sim', '--target', target, '--seed', '1', '--time', '1s', '--rate', '200'],
  ...options,
]
const fuzz = (bug: readonly string[], ...options: readonly string[]) => ['fuzz', ...bug, '--workers', '1', ...options]

const kept = [
  ['run', (...told: readonly string[]) => run('raft', '--faults', 'none', ...told)],
  ['record', (...told: readonly string[]) => record('fresh', ...LEVEL, ...told)],
  ['fuzz', (...told: readonly string[]) => fuzz([], '--seeds', '2', ...told)],
] as const
const broken = [
  ['run', (...told: readonly string[]) => run('primary-replica', '--faults', 'partition', ...LEVEL, ...told)],
  ['record', (...told: readonly string[]) => record('stale', ...LEVEL, ...told)],
  ['fuzz', (...told: readonly string[]) => fuzz(['--bug', 'stale-read'], '--seeds', '400', ...told)],
] as const

const TROUBLE = ['--reporter', './grumpy.mjs', '--reporter', 'junit=nowhere/junit.xml', '--reporter', 'tap=tap.txt']
const THREW = /^--reporter \.\/grumpy\.mjs: it threw: I would rather not\. The verdict stands \(.*\)/m
const NOWHERE = /^--reporter junit=nowhere\/junit\.xml: .*The verdict stands \(.*\)/m

const troubled = async (args: readonly string[]) => {
  const cwd = project()
  const { exitCode, stderr } = await chaosHere(args, { cwd })
  expect(stderr).toMatch(THREW)
  expect(stderr).toMatch(NOWHERE)
  expect(existsSync(join(cwd, 'nowhere'))).toBe(false)
  return { exitCode, tap: readFileSync(join(cwd, 'tap.txt'), 'utf8') }
}

patientTest.each(kept)('chaos %s exits with 3 if only a reporter failed', async (_, command) => {
  const { exitCode, tap } = await troubled(command(...TROUBLE))
  expect(exitCode, tap).toBe(3)
  expect(tap).not.toMatch(/^not ok /m)
})

patientTest.each(broken)(
  'chaos %s exits with 1 for a broken promise even if a reporter failed, and the other reporters still write',
  async (_, command) => {
    const { exitCode, tap } = await troubled(command(...TROUBLE))
    expect(exitCode, tap).toBe(1)
    expect(tap).toMatch(/^not ok /m)
  },
)

describe('chaos record with a baseline', () => {
  const configured = (cwd: string, recording: object) =>
    writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ recording }))
  const LOST = /✘ no weaker than the baseline \(linearizable\): found [^✘]*no\s+longer\s+linearizable/

  async function withBaseline(): Promise<string> {
    const cwd = project()
    const { exitCode, stdout } = await chaosHere(record('fresh', '--json'), { cwd })
    expect(exitCode).toBe(0)
    writeFileSync(join(cwd, 'baseline.json'), stdout)
    return cwd
  }

  patientTest(
    'chaos record fails if the recording is worse than the baseline in an option or the configuration',
    async () => {
      const cwd = await withBaseline()
      expect((await chaosHere(record('stale'), { cwd })).exitCode).toBe(0)
      const byFlag = await chaosHere(record('stale', '--baseline', 'baseline.json'), { cwd })
      expect(byFlag.exitCode).toBe(1)
      expect(byFlag.stdout).toMatch(LOST)
      configured(cwd, { baseline: 'baseline.json', tolerance: '100000%' })
      const byFile = await chaosHere(record('stale'), { cwd })
      expect(byFile.exitCode).toBe(1)
      expect(byFile.stdout).toMatch(LOST)
      expect((await chaosHere(record('fresh'), { cwd })).exitCode).toBe(0)
    },
  )

  patientTest(
    'chaos record uses the level and requirements of the configuration if no options override them',
    async () => {
      const cwd = project()
      configured(cwd, { expect: 'linearizable', require: ['p99 < 1us'] })
      expect((await chaosHere(record('stale', '--require', 'availability >= 1%'), { cwd })).exitCode).toBe(1)
      expect(
        (await chaosHere(record('stale', '--require', 'availability >= 1%', '--expect', 'none'), { cwd })).exitCode,
      ).toBe(0)
      const slow = await chaosHere(record('fresh'), { cwd })
      expect(slow.exitCode).toBe(1)
      expect(slow.stdout).toMatch(/✘ p99 < 1us: found/)
    },
  )

  test('chaos record refuses a misspelt member of the configuration, and a baseline that was made with another model', async () => {
    const cwd = project()
    configured(cwd, { baselin: 'x' })
    const misspelt = await chaosHere(record('fresh'), { cwd })
    expect(misspelt.exitCode).toBe(3)
    expect(misspelt.stderr).toMatch(/there is no member recording\.baselin\. Did you mean baseline\?/)
    writeFileSync(join(cwd, 'other.json'), '{"chaos":1,"model":"queue","levels":{}}')
    configured(cwd, { baseline: 'other.json' })
    const other = await chaosHere(record('fresh'), { cwd })
    expect(other.exitCode).toBe(3)
    expect(other.stderr).toMatch(/other\.json/)
  })
})
