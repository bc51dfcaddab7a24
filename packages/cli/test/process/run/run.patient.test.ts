import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { chaos, chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { processesMentioning, until } from '../../processes.ts'

const onlyRunIn = (directory: string): string => {
  const [name] = readdirSync(directory)
  if (name === undefined) throw new Error(`no run in ${directory}`)
  return join(directory, name)
}

describe('a real run', () => {
  test('a real run keeps Raft linearizable, and leaves a history, a run.json, a report and logs', async () => {
    const out = temporaryDirectory()
    const { exitCode, stdout, stderr } = await chaos([
      ...['run', '--time', '3s', '--seed', '5', '--faults', 'partition', '--out', out],
      ...['--expect', 'linearizable'],
    ])
    expect(stderr).toContain('cluster ready in')
    expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    const run = onlyRunIn(out)
    expect(readdirSync(run).sort()).toEqual([
      'history.backend.jsonl',
      'history.jsonl',
      'nodes',
      'report.html',
      'run.json',
    ])
    expect(readdirSync(join(run, 'nodes')).sort()).toEqual(['n1.log', 'n2.log', 'n3.log', 'n4.log', 'n5.log'])
    expect(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))).toMatchObject({
      chaos: 1,
      tier: 'real',
      spec: { target: { name: 'raft' }, nodes: 5, seed: 5 },
      expectation: { level: 'linearizable', met: true },
    })
    expect(await processesMentioning(out)).toEqual([])
  })

  patientTest('a multi-master protocol is not linearizable in a real run under partitions', async () => {
    const out = temporaryDirectory()
    const { exitCode, stdout } = await chaos([
      ...['run', '--target', 'master-master', '--time', '3s', '--seed', '4', '--faults', 'partition', '--out', out],
      // The run uses few keys, so that clients conflict on a key even on a slow machine.
      ...['--keys', '2', '--json'],
    ])
    const result = JSON.parse(stdout)
    expect(result.levels.linearizable.result).toBe('violated')
    expect(result.levels.linearizable.counterexample.operations.length).toBeGreaterThan(1)
    expect(exitCode).toBe(0)
  })

  patientTest('a real run heals, finishes, checks and exits with 130 if it is interrupted', async () => {
    const out = temporaryDirectory()
    const { child, finished } = startChaos(['run', '--time', '60s', '--seed', '1', '--out', out])
    await until(() => existsSync(join(out, readdirSync(out)[0] ?? '-', 'history.jsonl')) && lines(out) > 200)
    child.kill('SIGINT')
    const { exitCode, stdout } = await finished
    expect(exitCode).toBe(130)
    // The verdict may be inconclusive, because some faults had no time to begin.
    expect(stdout).toMatch(/LINEARIZABLE|INCONCLUSIVE/)
    expect(JSON.parse(readFileSync(join(onlyRunIn(out), 'run.json'), 'utf8'))).toMatchObject({ interrupted: true })
    expect(await processesMentioning(out)).toEqual([])
  })

  patientTest(
    'a real run leaves no process behind if its runner is killed, and its history can still be checked',
    async () => {
      const out = temporaryDirectory()
      const { child, finished } = startChaos(['run', '--time', '60s', '--seed', '1', '--faults', 'pause', '--out', out])
      await until(() => existsSync(join(out, readdirSync(out)[0] ?? '-', 'history.jsonl')) && lines(out) > 400)
      expect((await processesMentioning(out)).length).toBeGreaterThanOrEqual(5)
      child.kill('SIGKILL')
      await finished
      await until(async () => (await processesMentioning(out)).length === 0)
      const checked = await chaos(['check', join(onlyRunIn(out), 'history.jsonl'), '--json'])
      expect(JSON.parse(checked.stdout)).toMatchObject({ levels: { linearizable: { result: 'met' } } })
      expect(checked.exitCode).toBe(0)
    },
  )

  const lines = (out: string) => readFileSync(join(onlyRunIn(out), 'history.jsonl'), 'utf8').split('\n').length

  patientTest('a real run can pass with a single client, although no operations overlap', async () => {
    const out = temporaryDirectory()
    const { exitCode, stdout } = await chaos([
      ...[
        'run',
        '--time',
        '1s',
        '--clients',
        '1',
        '--faults',
        'none',
        '--expect',
        'linearizable',
        '--out',
        out,
        '--json',
      ],
    ])
    expect(JSON.parse(stdout).expectation).toMatchObject({ met: true })
    expect(exitCode).toBe(0)
  })
})

describe('a simulated run', () => {
  const simulate = async (out: string, seed: string) => {
    const faults = 'partition,kill,pause,loss,reorder,clock'
    const args = ['run', '--sim', '--seed', seed, '--time', '6s', '--rate', '150', '--faults', faults, '--out', out]
    const { exitCode } = await chaos([...args, '--verify-determinism'])
    expect(exitCode).toBe(0)
    return readFileSync(join(onlyRunIn(out), 'history.jsonl'), 'utf8')
  }

  patientTest(
    'a simulated run has byte-identical histories with equal seeds, and different histories with different seeds',
    async () => {
      const [first, second, other] = await Promise.all([
        simulate(temporaryDirectory(), '9'),
        simulate(temporaryDirectory(), '9'),
        simulate(temporaryDirectory(), '10'),
      ])
      expect(second).toBe(first)
      expect(other).not.toBe(first)
    },
  )

  patientTest('a simulated run is reported as not repeatable if its protocol has hidden state', async () => {
    const file = join(temporaryDirectory(), 'counting.ts')
    writeFileSync(
      file,
      `let asked = 0
      const answer = (event) => ({ type: 'reply', requestId: event.requestId, result: { type: 'ok', value: asked++ } })
      export default { name: 'counting', create: () => ({
        start: () => ({ state: null, effects: [] }),
        step: (state, event) => ({ state, effects: event.type === 'request' ? [answer(event)] : [] }),
        status: () => ({ role: 'any', leads: true }),
      }) }`,
    )
    const args = ['run', '--sim', '--protocol', file, '--time', '1s', '--rate', '200', '--faults', 'none']
    const { exitCode, stderr } = await chaosHere([...args, '--verify-determinism', '--out', temporaryDirectory()])
    expect(stderr).toContain('counting is not deterministic: a repetition of the run gave another history')
    expect(exitCode).toBe(4)
  })

  test('--verify-determinism needs a simulated run', async () => {
    const { exitCode, stderr } = await chaosHere(['run', '--verify-determinism'])
    expect(stderr).toContain(
      '--verify-determinism needs a simulated run, because real processes are not deterministic. Add --sim.',
    )
    expect(exitCode).toBe(3)
  })
})

describe('chaos run --bug', () => {
  const vacuousOf = async (...args: readonly string[]) => {
    const here = [
      'run',
      '--sim',
      '--time',
      '2s',
      '--rate',
      '300',
      '--seed',
      '5',
      '--out',
      temporaryDirectory(),
      '--json',
    ]
    return JSON.parse((await chaosHere([...here, ...args])).stdout).vacuous
  }

  test('chaos run --bug uses the settings and faults that expose the bug if none are given', async () => {
    const out = temporaryDirectory()
    const args = ['run', '--sim', '--time', '1s', '--rate', '100', '--bug', 'forget-snapshot', '--out', out]
    await chaosHere(args)
    const { spec } = JSON.parse(readFileSync(join(onlyRunIn(out), 'run.json'), 'utf8'))
    expect(spec).toMatchObject({ target: { settings: { 'snapshot-entries': 50 } }, faults: ['isolate-leader', 'kill'] })
    const again = temporaryDirectory()
    await chaosHere([...args.slice(0, -1), again, '--set', 'snapshot-entries=7', '--faults', 'none'])
    const asked = JSON.parse(readFileSync(join(onlyRunIn(again), 'run.json'), 'utf8')).spec
    expect(asked).toMatchObject({ target: { settings: { 'snapshot-entries': 7 } }, faults: [] })
  })

  test('chaos run --bug uses the workload that exposes the bug if the options name no workload and no operations', async () => {
    const workloadOf = async (...more: readonly string[]): Promise<string> => {
      const out = temporaryDirectory()
      await chaosHere(['run', '--sim', '--time', '1s', '--rate', '100', '--bug', 'double-apply', '--out', out, ...more])
      return JSON.parse(readFileSync(join(onlyRunIn(out), 'run.json'), 'utf8')).spec.workload.name
    }
    expect(await workloadOf()).toBe('list-append')
    expect(await workloadOf('--workload', 'counter')).toBe('counter')
    expect(await workloadOf('--operations', 'read,write')).toBe('register')
  })

  test('chaos run --bug reports that the bug had no effect if no node reached the code of the bug', async () => {
    expect(await vacuousOf('--bug', 'quorum-off-by-one', '--faults', 'none', '--nodes', '1')).toContain(
      'the bug quorum-off-by-one was never exercised: no node reached a point where it makes a difference',
    )
    expect(await vacuousOf('--bug', 'stale-read', '--faults', 'none')).toEqual([])
  })
})

patientTest('a planted bug is found within three simulated seeds', async () => {
  const verdicts: string[] = []
  for (const seed of ['51', '52', '53']) {
    const args = ['run', '--sim', '--bug', 'forget-vote', '--seed', seed, '--out', temporaryDirectory(), '--json']
    verdicts.push(JSON.parse((await chaosHere(args)).stdout).levels.linearizable.result)
    if (verdicts.includes('violated')) break
  }
  expect(verdicts).toContain('violated')
})

describe('an unusable environment', () => {
  test('a file as --out is reported before anything starts', async () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'taken')
    writeFileSync(file, '')
    const { exitCode, stderr } = await chaosHere(['run', '--out', file])
    expect(stderr).toContain(`--out ${file}: cannot make a directory for this run:`)
    expect(exitCode).toBe(4)
  })

  test('an unwritable --out directory is reported', async () => {
    const { exitCode, stderr } = await chaosHere(['run', '--out', '/proc/chaos'])
    expect(stderr).toMatch(/^--out \/proc\/chaos: cannot make a directory for this run: .+\n$/)
    expect(exitCode).toBe(4)
  })

  patientTest(
    'a full disk ends the run with one sentence, keeps all written events and leaves no process',
    async (context) => {
      const disk = temporaryDirectory()
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', disk]).status === 0
      if (!mounted) context.skip('needs to mount a small disk, which takes root')
      onTestFinished(() => void spawnSync('umount', ['-l', disk]))
      const { exitCode, stderr } = await chaos(['run', '--time', '60s', '--faults', 'none', '--out', disk])
      expect(stderr).toMatch(
        /history(?:\.backend)?\.jsonl: no space is left on the disk\. .* The \d+ events written before are kept\.\n$/,
      )
      expect(exitCode).toBe(4)
      expect(await processesMentioning(disk)).toEqual([])
      const checked = await chaos(['check', join(onlyRunIn(disk), 'history.jsonl'), '--json'])
      expect(JSON.parse(checked.stdout).levels.linearizable.result).toBe('met')
    },
  )

  test('an --out directory that exists already is accepted', async () => {
    const out = temporaryDirectory()
    mkdirSync(join(out, 'older'))
    const { exitCode } = await chaosHere(['run', '--sim', '--time', '1s', '--faults', 'none', '--out', out])
    expect(exitCode).toBe(0)
    expect(readdirSync(out).length).toBe(3)
  })
})
