import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const SMALL = ['--time', '1s', '--rate', '200', '--clients', '4', '--faults', 'kill', '--seed', '11']

/** Returns the only run in a directory of runs. */
function onlyRun(out: string) {
  const [name] = readdirSync(out)
  const directory = join(out, name ?? '')
  const text = (file: string) => readFileSync(join(directory, file), 'utf8')
  return {
    path: join(directory, 'run.json'),
    history: () => text('history.jsonl'),
    record: JSON.parse(text('run.json')),
  }
}

async function runInto(...args: readonly string[]) {
  const out = temporaryDirectory()
  const finished = await chaosHere(['run', ...args, '--out', out])
  return { ...finished, run: onlyRun(out) }
}

/**
 * Returns the requests of each client's first process, without times. Values are left out, because what a cas expects
 * depends on earlier replies.
 */
function requestsIn(history: string): string[][] {
  const asked: string[][] = [[], [], [], []]
  for (const line of history.trim().split('\n').slice(1)) {
    const { process, session, type, f, key, final } = JSON.parse(line)
    // In a history that was recorded from traffic, the name of a session ends with the number of its client.
    const client = session === undefined ? process : Number(/\d+$/.exec(session)?.[0])
    if (type === 'invoke' && final !== true) asked[client]?.push(`${f} ${key}`)
  }
  return asked
}

/**
 * Compares the requests of each client up to the end of the shorter list. A client's list ends at its first missing
 * reply, and in a real run, missing replies depend on the machine.
 */
function expectSameWorkload(one: string, other: string): void {
  const pairs = requestsIn(one).map((asked, client) => [asked, requestsIn(other)[client] ?? []] as const)
  let compared = 0
  for (const [left, right] of pairs) {
    const length = Math.min(left.length, right.length)
    compared += length
    expect(left.slice(0, length)).toEqual(right.slice(0, length))
  }
  expect(compared).toBeGreaterThan(3)
}

async function refused(json: unknown, ...args: readonly string[]) {
  const file = join(temporaryDirectory(), 'spec.json')
  writeFileSync(file, typeof json === 'string' ? json : JSON.stringify(json))
  const out = join(temporaryDirectory(), 'out')
  const { exitCode, stderr, stdout } = await chaosHere(['run', '--spec', file, '--out', out, ...args])
  expect({ exitCode, stdout, lines: stderr.trim().split('\n').length }).toEqual({ exitCode: 3, stdout: '', lines: 1 })
  expect(() => readdirSync(out)).toThrow('ENOENT')
  return stderr.replace(file, 'FILE').trim()
}

describe('the option --spec', () => {
  test('chaos run --spec repeats the history of a simulated run to the byte', async () => {
    const first = await runInto('--sim', ...SMALL)
    const second = await runInto('--spec', first.run.path)
    expect(second.run.history()).toBe(first.run.history())
    expect(second.run.record.spec).toEqual(first.run.record.spec)
    expect(second.exitCode).toBe(first.exitCode)
    const { exitCode, stderr } = await chaosHere(['replay', first.run.path])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: `${first.run.path} describes a run, not a replay. Repeat the run with chaos run --spec ${first.run.path}\n`,
    })
  })

  patientTest('a spec repeats the schedule and the workload of a real run', async () => {
    const first = await runInto(...SMALL)
    const second = await runInto('--spec', first.run.path)
    expect(second.run.record.spec).toEqual(first.run.record.spec)
    expect(JSON.stringify(second.run.record.schedule)).toBe(JSON.stringify(first.run.record.schedule))
    expect(first.run.record.schedule.length).toBeGreaterThan(0)
    expectSameWorkload(second.run.history(), first.run.history())
  })

  patientTest('a real and a simulated run record the same spec except for the target', async () => {
    const real = await runInto(...SMALL)
    const simulated = await runInto('--sim', ...SMALL)
    const { target, ...spec } = simulated.run.record.spec
    expect({ ...spec, target: { ...target, name: 'raft' } }).toEqual(real.run.record.spec)
    expect(target.name).toBe('sim:raft')
    expect(simulated.run.record.schedule).toEqual(real.run.record.schedule)
    expectSameWorkload(simulated.run.history(), real.run.history())
    const named = await runInto('--target', 'sim:raft', ...SMALL)
    expect(named.run.history()).toBe(simulated.run.history())
  })

  test('a spec needs only members that differ from the defaults', async () => {
    const file = join(temporaryDirectory(), 'spec.json')
    writeFileSync(
      file,
      JSON.stringify({ target: 'sim:raft', seed: 1, timeMs: 500, rate: 100, faults: [], expect: 'none' }),
    )
    const { run, exitCode } = await runInto('--spec', file)
    expect(run.record.spec).toMatchObject({ target: { name: 'sim:raft' }, nodes: 5, clients: 20 })
    expect(exitCode).toBe(0)
  })

  test('an impossible spec is refused in one line before anything starts', async () => {
    const spec = { target: 'raft', seed: 1 }
    expect(await refused({ ...spec, tiemMs: 1 })).toBe('FILE: there is no member tiemMs. Did you mean timeMs?')
    expect(await refused({ ...spec, rate: 0 })).toBe('FILE: rate must be a whole number from 1 to 1,000,000, not 0.')
    expect(await refused({ ...spec, target: 'rfat' })).toMatch(/^there is no target rfat\. Did you mean raft\?/)
    expect(await refused({ ...spec, workload: 'regster' })).toMatch(
      /^there is no workload regster\. Did you mean register\?/,
    )
    expect(await refused({ ...spec, faults: ['kil'] })).toMatch(/^FILE: there is no fault kil\. Did you mean kill\?/)
    expect(await refused({ ...spec, faults: ['clock'] })).toMatch(
      /^FILE: raft cannot suffer clock: all processes of a machine read the same clock\. Instead: pause, or with --sim\. Faults it can/,
    )
    expect(await refused({ ...spec, target: { name: 'raft', bug: 'nosuch' } })).toMatch(/^FILE: raft has no bug nosuch/)
    expect(await refused({ ...spec, target: { name: 'raft', settings: { speed: 1 } } })).toMatch(
      /^FILE: raft has no setting "speed"\. It has: /,
    )
    expect(await refused({ ...spec, workload: { name: 'register', settings: { keys: 0 } } })).toMatch(
      /^FILE: register: keys=0 is not possible/,
    )
    expect(await refused('{"target":')).toMatch(/^FILE: this is not valid JSON: /)
    expect(await refused({ chaos: 1, kind: 'scenario' })).toMatch(
      /^FILE is a replay that chaos fuzz wrote\. Replay it: chaos replay /,
    )
    const recorded = { chaos: 1, spec: { ...spec, target: { name: 'record', settings: {} } } }
    const command = ['/bin/chaos', 'record', '--as', 'resp', '--', 'npm', 'run it']
    expect(await refused({ ...recorded, circumstances: { command } })).toMatch(
      /^FILE is from a recording of an older chaos, .*\. Record again\. .* npx chaos record --as resp -- npm 'run it'$/,
    )
    expect(await refused({ chaos: 1, version: '0.0.9', config: { target: 'raft' } })).toMatch(
      /^FILE: this run\.json is from an older chaos \(0\.0\.9\), and contains no spec of the run/,
    )
  })

  test('--spec accepts a spec of an older chaos, and refuses a spec of a newer chaos with advice to upgrade', async () => {
    const spec = { target: { name: 'sim:raft', settings: {} }, workload: { name: 'register', settings: { keys: 3 } } }
    const old = { chaos: 1, version: '0.0.9', interrupted: false, schedule: [], operations: {}, vacuous: [] }
    const small = { ...spec, nodes: 3, clients: 4, rate: 100, timeMs: 500, timeoutMs: 500, faults: ['kill'], seed: 3 }
    const file = join(temporaryDirectory(), 'run.json')
    writeFileSync(file, JSON.stringify({ ...old, spec: { ...small, expect: 'none', checkMs: 5_000 } }))
    const { run } = await runInto('--spec', file)
    expect(run.record.spec).toMatchObject({ nodes: 3, seed: 3, timeMs: 500, target: { name: 'sim:raft' } })
    expect(run.record).toMatchObject({ chaos: 1, version: expect.not.stringMatching('0.0.9') })
    expect(await refused({ ...old, spec: { ...small, rat: 5 } })).toMatch(
      /^FILE: there is no member rat\. .* Chaos 0\.0\.9 wrote it, and this is \S+: npx chaosproxy@0\.0\.9 run --spec /,
    )
    expect(await refused({ ...old, chaos: 2, version: '7.1.0', spec: small })).toMatch(
      /^FILE: it has format 2, and this version of chaos reads formats up to 1\. Chaos 7\.1\.0 wrote it, .* npx chaosproxy@7\.1\.0 run --spec /,
    )
  })

  test('--spec is refused together with other options of the run', async () => {
    expect(await refused({ target: 'raft', seed: 1 }, '--seed', '2', '--sim')).toMatch(
      /defines the whole run: leave --seed, --sim out, or edit the file\.$/,
    )
  })

  test('--spec reports a missing file', async () => {
    const { exitCode, stderr } = await chaosHere(['run', '--spec', '/no/such/run.json'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringMatching(/^\/no\/such\/run\.json: /) })
  })
})

describe('the option --events', () => {
  patientTest.each([[['--sim']], [[]]])(
    '--events writes every event of the run in order, with the options %j',
    async (world) => {
      const file = join(temporaryDirectory(), 'events.jsonl')
      const { run } = await runInto(...world, ...SMALL, '--events', file)
      const events = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(events[0]).toEqual({ type: 'starting', spec: run.record.spec })
      expect(events.at(-1)).toMatchObject({ type: 'judged', headline: 'linearizable' })
      const recorded = run
        .history()
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => JSON.parse(line))
        // The event `end`, which marks a complete file, occurs only in the file.
        .filter(({ process, f }) => process !== 'recorder' || f !== 'end')
      expect(events.filter(({ type }) => type === 'event').map(({ event }) => event)).toEqual(recorded)
      const status = events.filter(({ type }) => type === 'status')
      expect(status.length).toBeGreaterThan(10)
      expect(status[5].progress).toMatchObject({ stage: expect.any(String), counts: { ok: expect.any(Number) } })
      // The verdict is unknown until a read has succeeded. On a slow machine, the first such read may be a final read.
      const soFar = status.map(({ progress }) => progress.soFar)
      expect(soFar.slice(soFar.indexOf('linearizable')).every((each) => each === 'linearizable')).toBe(true)
      expect(soFar.at(-1)).toBe('linearizable')
      expect(new Set(events.map(({ type }) => type))).toEqual(
        new Set(['starting', 'ready', 'event', 'status', 'ending', 'checking', 'judged']),
      )
    },
  )

  test('--events refuses an unwritable file before the run starts', async () => {
    const out = join(temporaryDirectory(), 'out')
    const { exitCode, stderr } = await chaosHere(['run', '--sim', ...SMALL, '--events', '/no/such/file', '--out', out])
    expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: expect.stringMatching(/^--events \/no\/such\/file: /) })
    expect(() => readdirSync(out)).toThrow('ENOENT')
  })
})
