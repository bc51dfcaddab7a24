import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { planRun } from '@chaosproxy/runner'
import { describe, expect } from 'vitest'
import { registries } from '../../../../engine/src/worlds/registries.ts'
import { BRIEF_COMPARISON, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { parseCompareSettings } from '../../../src/compare/use.ts'

const quick = ['--time', '2s', '--rate', '150', '--seeds', '1', '--seed', '2']

describe('chaos compare', () => {
  test('chaos compare measures a system that blocks and a system that returns stale values under the same fault', async () => {
    const page = join(temporaryDirectory(), 'compare.html')
    const args = ['compare', '--targets', 'raft,master-master', '--faults', 'isolate-leader', ...quick]
    const { stdout, exitCode } = await chaosHere([...args, '--timeout', '900ms', '--json', '--html', page])
    const { conditions, systems, next } = JSON.parse(stdout)
    expect(next).toEqual({
      text: 'One seed proves little. Try twenty with raft under isolate-leader.',
      command: expect.stringMatching(/^npx chaos compare --targets raft --faults isolate-leader .*--seeds 20$/),
    })
    expect(conditions).toEqual(['calm', 'isolate-leader'])
    const [[, raft], [, masters]] = systems.map(({ cells }: { cells: unknown[] }) => cells)
    expect(raft).toMatchObject({ level: 'linearizable', promised: 'linearizable', kept: true, lost: 0 })
    expect(raft.availability.median).toBeLessThan(1)
    expect(raft.practical.median).toBeGreaterThan(raft.availability.median)
    expect(masters).toMatchObject({ promised: 'eventual', kept: true, availability: { median: 1 } })
    expect(masters.staleNanos).toBeGreaterThan(0)
    expect(systems.map(({ pacelc }: { pacelc: string }) => pacelc[1])).toEqual(['C', 'A'])
    expect(raft.recovery).toBeGreaterThanOrEqual(0)
    expect(raft.goodput).toHaveLength(24)
    expect(exitCode).toBe(0)
    expect(readFileSync(page, 'utf8')).not.toMatch(/https?:|src=|href=/)
  })

  test('availability is undecided if partitions are shorter than the client timeout, and a note gives both durations', async () => {
    const args = ['compare', '--targets', 'master-master', '--faults', 'partition', '--time', '1s', '--rate', '50']
    const { stdout } = await chaosHere([...args, '--seeds', '1', '--json'])
    const { systems, notes } = JSON.parse(stdout)
    expect(systems[0].pacelc).toBeUndefined()
    expect(notes).toEqual([expect.stringMatching(/^the cuts last 500 ms, and clients wait 1000 ms for an answer: /)])
  })

  test('chaos compare sends only reads to stateless servers', async () => {
    const {
      plan: { systems },
    } = await parseCompareSettings({ faults: 'none', seeds: '1' })
    expect(systems[0]?.name).toBe('balancer backend=files')
    expect(systems[0]?.cells[0]?.pairs[0]).toMatchObject({ main: { workload: { name: 'read-only' } } })
    const args = ['compare', '--targets', 'balancer:backend=files', '--faults', 'partition', ...quick, '--json']
    const [{ cells }] = JSON.parse((await chaosHere(args)).stdout).systems
    for (const cell of cells) expect(cell).toMatchObject({ level: 'linearizable', lost: 0 })
    expect(cells[0].availability.least).toBe(1)
  })

  test('chaos compare composes a command that repeats the comparison with the typed options and --force', async () => {
    const typed = { targets: ['raft,primary-replica'], sweep: ['sync=0..2'], seeds: '1', real: true, json: true }
    const page = join(temporaryDirectory(), 'compare.html')
    expect((await parseCompareSettings({ ...typed, html: page })).again).toBe(
      `npx chaos compare --targets raft,primary-replica --sweep sync=0..2 --seeds 1 --real --html ${page} --force`,
    )
  })

  test('chaos compare treats sim:raft as raft, and refuses it with --real', async () => {
    const { plan } = await parseCompareSettings({ targets: 'sim:raft,quorum:r=1:w=1', faults: 'none', seeds: '1' })
    expect(plan.systems.map(({ name }) => name)).toEqual(['raft', 'quorum r=1 w=1'])
    const together = parseCompareSettings({ targets: 'sim:raft', faults: 'none', real: true })
    await expect(together).rejects.toThrow('sim:raft and --real exclude each other: give one.')
  })

  test('chaos compare simulates the network that --network names, and notes its round-trip time', async () => {
    const args = ['compare', '--targets', 'raft', '--faults', 'none', '--network', 'california-netherlands', ...quick]
    const { systems, notes } = JSON.parse((await chaosHere([...args, '--json'])).stdout)
    expect(systems[0].cells[0].latency.writeP50).toBeGreaterThan(150e6)
    expect(notes).toEqual(['a round trip of 150 ms between any two nodes'])
  })

  patientTest('chaos compare gives the same results when repeated', async () => {
    const args = ['compare', '--targets', 'raft,master-master', '--faults', 'kill', ...quick, '--json']
    expect((await chaosHere(args)).stdout).toBe((await chaosHere(args)).stdout)
  })

  test('a sweep of a setting finds lost writes if writes wait for no replica, and none if they wait for all replicas', async () => {
    const args = ['compare', '--targets', 'primary-replica:reads=primary', '--sweep', 'sync=0,all', '--nodes', '3']
    const { stdout } = await chaosHere([...args, '--faults', 'isolate-leader', ...quick, '--json'])
    const [none, all] = JSON.parse(stdout).systems
    expect([none.value, all.value]).toEqual(['0', 'all'])
    expect(none.cells[1].lost).toBeGreaterThan(0)
    expect(all.cells[1].lost).toBe(0)
  })

  test('chaos compare --sweep of two settings makes a grid if one system has both, and otherwise a curve for each system', async () => {
    const named = async (...sweep: string[]) => {
      const {
        plan: { systems, sweep: subjects },
      } = await parseCompareSettings({ sweep, faults: 'none', seeds: '1' })
      return { subjects, names: systems.map(({ name, curve, value }) => [name, curve, value]) }
    }
    expect(await named('quorum=R1W3..R3W1', 'syncReplicas=0..1')).toEqual({
      subjects: 'quorum and syncReplicas',
      names: [
        ['quorum r=1 w=3', 'quorum', 'r=1 w=3'],
        ['quorum r=2 w=2', 'quorum', 'r=2 w=2'],
        ['quorum r=3 w=1', 'quorum', 'r=3 w=1'],
        ['primary-replica sync=0', 'primary-replica', '0'],
        ['primary-replica sync=1', 'primary-replica', '1'],
      ],
    })
    const { names } = await named('sync=0..2', 'failover=true,false')
    expect(names.map(([name]) => name)).toEqual(
      [true, false].flatMap((failover) => [0, 1, 2].map((sync) => `primary-replica failover=${failover} sync=${sync}`)),
    )
  })

  test('chaos compare compares transactional systems by isolation level, and can repeat one of their runs', async () => {
    const args = ['compare', '--workload', 'write-skew', '--workload-set', 'keys=2', '--faults', 'kill', ...quick]
    const { stdout, exitCode } = await chaosHere([...args, '--targets', 'two-phase-commit,sharded', '--json'])
    const { workload, levels, systems, next } = JSON.parse(stdout)
    expect(workload).toBe('write-skew keys=2')
    expect(levels.slice(0, 2)).toEqual(['strict-serializable', 'serializable'])
    for (const { cells } of systems)
      for (const cell of cells) {
        expect(cell).toMatchObject({ promised: 'strict-serializable', level: 'strict-serializable', kept: true })
        expect(cell.levels).toEqual(Object.fromEntries(levels.map((level: string) => [level, 'met'])))
        expect(cell.latency.readP50).toBeGreaterThan(0)
        expect(cell).not.toHaveProperty('lost')
      }
    expect(systems[0].cells[1].availability.median).toBeLessThan(1)
    const { stdout: again } = await chaosHere([...next.command.split(' ').slice(2, -2), '--seeds', '1', '--json'])
    expect(JSON.parse(again).workload).toBe('write-skew keys=2')
    expect(exitCode).toBe(0)
  })

  test('chaos compare compares all systems that serve a workload if only the workload is given', async () => {
    const { plan } = await parseCompareSettings({ workload: 'txn-list-append', faults: 'none', seeds: '1' })
    const names = plan.systems.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['raft', 'two-phase-commit', 'sharded']))
    expect(names).not.toContain('master-master')
    expect(plan.systems[0]?.cells[0]?.promised).toBe('strict-serializable')
  })

  test('chaos compare plans every run of every system before it starts the first run', async () => {
    const {
      plan: { systems },
    } = await parseCompareSettings({ seeds: '1' })
    const pairs = systems.flatMap(({ cells }) => cells.flatMap((cell) => cell.pairs))
    const specs = pairs.flatMap(({ main, sets }) => (sets === undefined ? [main] : [main, sets]))
    for (const spec of specs) await expect(planRun(spec, registries, 'test')).resolves.toBeDefined()
    expect(specs.length).toBeGreaterThan(pairs.length)
  })

  test('chaos compare passes the result to every requested reporter', async () => {
    const directory = temporaryDirectory()
    const files = ['junit', 'markdown', 'html'].map((name) => [name, join(directory, name)] as const)
    const { stdout, exitCode } = await chaosHere([
      ...['compare', '--targets', 'master-master', '--faults', 'partition', ...BRIEF_COMPARISON, '--rate', '50'],
      ...['--reporter', 'json', ...files.flatMap(([name, file]) => ['--reporter', `${name}=${file}`])],
    ])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout).systems).toHaveLength(1)
    const [junit, markdown, page] = files.map(([, file]) => readFileSync(file, 'utf8'))
    expect(junit).toContain('<testsuite name="chaos" tests="2" failures="0" errors="0"')
    expect(junit).toContain('classname="chaos.compare" name="master-master under partition"')
    expect(markdown).toMatch(/\| system \| PACELC \| calm \| partition \|\n\| --- \|/)
    expect(markdown).toMatch(/^\| master-master \| P[AC]\/E[LC], \d of \d runs? \|/m)
    expect(page).toContain('<h1>1 system compared</h1>')
  })

  test('chaos compare shows levels and numbers as tables, and explains what availability means', async () => {
    const { stdout } = await chaosHere([
      'compare',
      '--targets',
      'raft',
      '--faults',
      'none',
      '--network',
      'geo',
      ...quick,
    ])
    expect(stdout).toMatch(/raft +– +●/)
    expect(stdout).toMatch(/n1 in Virginia/)
    expect(stdout).toMatch(/live nodes that were answered/)
  })

  test.each([
    [['--targets', 'rafft'], /rafft.*Did you mean raft\?/],
    [['--targets', 'raft:sync=1'], /--targets raft:sync=1: sync: there is no such setting of raft/],
    [['--targets', 'raft,raft'], /raft is given twice/],
    [
      ['--targets', 'master-master', '--workload', 'write-skew'],
      /does not support txn, which the workload write-skew needs/,
    ],
    [['--workload', 'write-skwe'], /Did you mean write-skew\?/],
    [['--workload-set', 'keys=5'], /--workload-set needs --workload/],
    [['--targets', 'redis'], /redis cannot be simulated. Add --real/],
    [
      ['--targets', 'primary-replica', '--sweep', 'sync=0..4', '--nodes', '3'],
      /cannot wait for 3 replicas: of 3 nodes, 2 are replicas/,
    ],
    [['--sweep', 'snyc=0..4'], /no system has such a setting\. Did you mean sync\?/],
    [
      ['--sweep', 'request-timeout-ms=100,200'],
      /: several systems have such a setting: raft, .*\. Choose one with --targets/,
    ],
    [['--targets', 'raft,quorum', '--sweep', 'sync=1,2'], /none of raft, quorum has such a setting/],
    [['--sweep', 'quorum=R1W3..R9W3', '--nodes', '5'], /quorum/],
    [['--targets', 'quorum', '--sweep', 'r=1..9'], /quorum/],
    [['--targets', 'raft', '--sweep', 'foo=1,2'], /--sweep foo=1,2: foo: there is no such setting of raft/],
    [['--sweep', 'sync=3'], /--sweep sync=3: this is only one value\. Write --sweep sync=0\.\.4/],
    [
      ['--targets', 'raft', '--sweep', 'heartbeat-ms=abc'],
      /--sweep heartbeat-ms=abc: raft: heartbeat-ms=abc is not possible; give /,
    ],
    [
      ['--targets', 'primary-replica', '--sweep', 'reads=nosuch'],
      /--sweep reads=nosuch: reads=nosuch: reads must be one of /,
    ],
    [['--faults', 'partition,partition'], /partition is given twice/],
    [['--faults', 'partitoin'], /Did you mean partition/],
    [['--network', 'moon'], /there is no such network/],
    [['--targets', 'raft', '--faults', 'clock', '--real'], /cannot suffer clock/],
    [['--sim', '--real'], /exclude each other/],
    [['--reporter', 'junti'], /Did you mean junit\?/],
    [['--time', '10ms'], /--time 10ms: must be between 1s and 24h/],
    [['--seeds', '0'], /--seeds 0: must be a whole number from 1/],
  ])('chaos compare refuses %j before anything runs, with the reason', async (args, message) => {
    const { stderr, exitCode } = await chaosHere(['compare', ...args])
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })
})
