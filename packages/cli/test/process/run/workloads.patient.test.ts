import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Workload, workloads } from '@chaosproxy/workloads'
import { describe, expect } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const written = (source: string, name = 'mine.mjs'): string => {
  const file = join(temporaryDirectory(), name)
  writeFileSync(file, source)
  return file
}

/** A workload of reads and writes on one register. `next` is the code that chooses a client's next operation. */
const workload = ({ next = "({ f: 'read', key: 'x', value: null })", top = '', members = '' } = {}): string => `
${top}
export default {
  name: 'mine',
  model: 'register',
  functions: ['read', 'write'],
  reads: ['read'],
  finale: (keys) => keys.map((key) => ({ f: 'read', key, value: null })),
  create(settings, serial) {
    let last = serial
    return { client: (random, rank) => ({ next: () => ${next} }) }
  },
  ${members}
}`

const WORKING = "random.chance(0.5) ? { f: 'read', key: 'x', value: null } : { f: 'write', key: 'x', value: ++last }"

const short = (...more: readonly string[]): string[] => {
  const out = temporaryDirectory()
  return ['run', '--sim', '--time', '1s', '--faults', 'none', '--seed', '1', '--out', out, ...more]
}

describe('chaos workloads', () => {
  patientTest('chaos workloads lists every workload with its settings and its command', async () => {
    const { stdout, exitCode } = await chaosHere(['workloads'])
    for (const { name, summary, settings } of workloads) {
      expect(stdout).toContain(name)
      expect(stdout).toContain(summary)
      for (const setting of settings) expect(stdout).toContain(`--workload-set ${setting.name}=${setting.default}`)
    }
    expect(stdout).toContain('chaos run --workload NAME')
    expect(exitCode).toBe(0)
  })

  test('chaos workloads lists the workloads as JSON with --json', async () => {
    const listed = JSON.parse((await chaosHere(['workloads', '--json'])).stdout) as { workload: string }[]
    expect(listed.map((row) => row.workload)).toEqual(workloads.map(({ name }) => name))
    expect(listed[0]).toMatchObject({ model: 'register', functions: ['read', 'write', 'cas'] })
  })
})

// One workload of registers and one of another object. The tests of the simulator check the level of every workload.
test.each(['register', 'bank'])(
  'chaos run --sim names the workload %s in its result, and finds linearizability met',
  async (name) => {
    const { stdout, exitCode } = await chaosHere(short('--workload', name, '--json'))
    expect(JSON.parse(stdout)).toMatchObject({
      workload: name,
      levels: { linearizable: { result: 'met' } },
      vacuous: [],
    })
    expect(exitCode).toBe(0)
  },
)

test('a workload of transactions is refused for etcd before anything starts', async () => {
  const { stderr, exitCode } = await chaosHere(['run', '--target', 'etcd', '--workload', 'txn-list-append'])
  expect(stderr).toContain(
    'etcd holds register, counter, set, lists, lock, store, queue, ids, log, work-queue, but the workload txn-list-append uses transactions',
  )
  expect(exitCode).toBe(3)
})

test('--isolation is refused for a target without isolation levels, and for a level that the target lacks', async () => {
  const refused = async (...more: readonly string[]) => (await chaosHere(['run', ...more])).stderr
  expect(await refused('--isolation', 'serializable')).toContain(
    '--isolation serializable: raft has no isolation levels to choose from. Leave --isolation out, or give --target postgres, which has them.',
  )
  expect(await refused('--target', 'postgres', '--isolation', 'snapshot')).toContain(
    'isolation must be one of read-committed, repeatable-read, serializable',
  )
})

describe('a user-defined workload', () => {
  test('a user-defined workload in TypeScript is run, judged and named in the result', async () => {
    const source = workload({ next: WORKING }).replace(
      'create(settings, serial)',
      'create(settings: object, serial: number)',
    )
    const { stdout, exitCode } = await chaosHere(short('--workload', written(source, 'mine.ts'), '--json'))
    expect(JSON.parse(stdout)).toMatchObject({ headline: 'linearizable', workload: expect.stringContaining('mine.ts') })
    expect(exitCode).toBe(0)
  })

  /** A workload that repeats one operation. */
  const asking = (model: string, f: string, more = ''): string =>
    written(`
      export default {
        name: 'mine', model: '${model}', functions: ['${f}'], reads: [${f === 'read' ? "'read'" : ''}], ${more}
        create: (settings, serial) => ({ client: () => ({ next: () => ({ f: '${f}', value: ++serial }) }) }),
      }`)

  test.each([
    ['bank', 'none', 'initial: { a: 1 },'],
    ['counter', 'eventual', 'initial: 0,'],
  ])('a workload of model %s must meet the level that the target promises: %s', async (model, promised, initial) => {
    const file = asking(model, 'read', initial)
    const { stdout } = await chaosHere(short('--target', 'master-master', '--workload', file, '--json'))
    expect(JSON.parse(stdout)).toMatchObject({ expected: promised })
  })

  test.each([
    ['list-append', 'append'],
    ['unique-ids', 'generate'],
  ])('a user-defined workload uses the object of its model %s even if its name is different', async (model, f) => {
    const { stdout } = await chaosHere(short('--workload', asking(model, f), '--json'))
    expect(JSON.parse(stdout)).toMatchObject({ levels: { linearizable: { result: 'met' } } })
  })

  patientTest('a user-defined workload is used in a search, and named in the replay file', async () => {
    const file = written(workload({ next: WORKING }))
    const out = temporaryDirectory()
    const typed = ['fuzz', '--workload', file, '--bug', 'stale-read', '--seeds', '64', '--shrink', '1s', '--out', out]
    const { stdout, exitCode } = await chaosHere([...typed, '--json'])
    expect(exitCode).toBe(1)
    const [found] = (JSON.parse(stdout) as { failures: { replay: string }[] }).failures
    const replayed = await chaosHere(['replay', found!.replay, '--workload', file])
    expect(replayed.exitCode).toBe(1)
  })

  test.each<readonly [string, string, RegExp]>([
    ['that is not there', '', /there is no such file/],
    ['that throws', 'throw new Error("no luck")', /does not run: no luck/],
    ['that exports nothing', 'export const x = 1', /"name" is not a string/],
    ['without a name', 'export default { create() {} }', /"name" is not a string/],
    ['without functions', workload({ members: 'functions: 3,' }), /"functions" is not a list/],
    ['of an unknown model', workload({ members: "model: 'regster'," }), /"model" names no model: regster/],
    ['that reads what it cannot ask for', workload({ members: "reads: ['peek']," }), /"reads" is not a list/],
    ['whose client throws', workload({ next: "{ throw new Error('stuck') }" }), /"next" threw: stuck/],
    ['that asks for what it does not declare', workload({ next: "({ f: 'wipe', value: null })" }), /"next" returned/],
    ['that asks for nothing', workload({ next: 'undefined' }), /"next" returned undefined/],
    ['whose finale throws', workload({ members: "finale() { throw new Error('over') }," }), /"finale" threw: over/],
    ['that ends the program', workload({ top: 'process.exit(0)' }), /calls process.exit\(0\)/],
    [
      'that takes all memory',
      workload({ next: '{ const all = []; for (;;) all.push(new Array(1e6).fill(0.5)) }' }),
      /512 MB|has not finished loading/,
    ],
  ])('%s is refused in one line, and nothing is started', async (_, source, message) => {
    const file = source === '' ? './nowhere.mjs' : written(source)
    const { stderr, stdout, exitCode } = await chaosHere(short('--workload', file))
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/bug in chaos/)
    expect(stdout).toBe('')
    expect(exitCode).toBe(3)
  })

  patientTest('a user-defined workload is stopped if it never ends', async () => {
    const { stderr, exitCode } = await chaosHere(short('--workload', written(workload({ next: '{ for (;;); }' }))))
    expect(stderr).toMatch(/has not finished loading after 20 s/)
    expect(exitCode).toBe(3)
  })
})

describe('the settings of the workload', () => {
  test.each<readonly [string, readonly string[], RegExp]>([
    ['of another name', ['--workload-set', 'kyes=3'], /Did you mean keys/],
    ['out of range', ['--workload-set', 'cas=2'], /cas=2 is not possible; give a number between 0 and 1/],
    ['without a value', ['--workload-set', 'keys'], /write it as name=value/],
    ['given to a workload without them', ['--workload', 'bank', '--keys', '3'], /the workload bank has no keys/],
    [
      'of the register, for another workload',
      ['--workload', 'queue', '--operations', 'read,write'],
      /queue has enqueue/,
    ],
    ['for no workload', ['--workload', 'queu'], /Did you mean queue/],
  ])('workload settings are refused if they are %s', async (_, typed, message) => {
    const { stderr, exitCode } = await chaosHere(short(...typed))
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })

  test('the command that repeats a run contains the workload settings', async () => {
    const { stdout } = await chaosHere(short('--workload-set', 'cas=0.5', '--keys', '3'))
    expect(stdout).toContain('--keys 3 --workload-set cas=0.5')
  })
})

test('a workload defined by one new file and one added line is listed, run and named in the result', async () => {
  const fixture: Workload = {
    ...workloads[0]!,
    name: 'fixture',
    summary: 'a workload that only this test has',
    settings: [{ name: 'depth', summary: 'how deep', default: 3, min: 1, max: 9 }],
    create: (settings) => {
      let last = 0
      const keys = Number(settings['depth'])
      return {
        client: (random) => ({
          next: () => {
            const key = `k${random.integer(keys)}`
            return random.chance(0.5) ? { f: 'read', key, value: null } : { f: 'write', key, value: ++last }
          },
        }),
      }
    },
  }
  // Adds the workload to the registry.
  const registry = workloads as Workload[]
  registry.push(fixture)
  try {
    const { stdout: listed } = await chaosHere(['workloads'])
    expect(listed).toContain('a workload that only this test has')
    expect(listed).toContain('--workload-set depth=3')
    expect((await chaosHere(['workloads', '--json'])).stdout).toContain('"workload":"fixture"')
    const { stdout, exitCode } = await chaosHere(short('--workload', 'fixture', '--workload-set', 'depth=2', '--json'))
    expect(JSON.parse(stdout)).toMatchObject({ workload: 'fixture', headline: 'linearizable' })
    expect(exitCode).toBe(0)
    const { stderr } = await chaosHere(short('--workload', 'fixtur'))
    expect(stderr).toMatch(/Did you mean fixture/)
  } finally {
    registry.pop()
  }
})
