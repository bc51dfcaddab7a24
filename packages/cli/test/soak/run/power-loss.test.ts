import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasCompiler } from '../../../../targets/src/preload/library.ts'
import { chaos, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The data that real servers lose in a power failure, depending on what they fsync. CHAOS_SOAK=short takes one seed.
const short = process.env['CHAOS_SOAK'] === 'short'
const seeds = short ? [1] : [1, 2, 3]
const without = hasCompiler() ? '' : `: ${whySkipped('cc')}`
const power = [
  { fromMs: 1_500, toMs: 1_700, kind: 'power-loss', nodes: ['n1'] },
  { fromMs: 2_900, toMs: 3_100, kind: 'power-loss', nodes: ['n1'], unsynced: 'torn' },
]

interface Ran {
  readonly exitCode: number | null
  readonly said: string
  readonly log: string
}

async function ran(target: string, seed: number, ...flags: readonly string[]): Promise<Ran> {
  const directory = temporaryDirectory()
  const [schedule, out] = [join(directory, 'faults.json'), join(directory, 'out')]
  mkdirSync(directory, { recursive: true })
  writeFileSync(schedule, JSON.stringify(power))
  const common = ['run', '--target', target, '--nodes', '1', '--faults', schedule, '--seed', String(seed)]
  const told = [...common, '--time', '4s', '--expect', 'linearizable', '--out', out, ...flags]
  const { exitCode, stdout, stderr } = await chaos(told)
  const [run = ''] = readdirSync(out)
  return { exitCode, said: stdout + stderr, log: readFileSync(join(out, run, 'nodes', 'n1.log'), 'utf8') }
}

const SETS = ['--workload', 'set', '--workload-set', 'keys=3']
const redis = installed('redis-server')

describe.skipIf(redis === undefined || without !== '')(
  `a Redis whose power is cut${without || whyNot('redis-server')}`,
  () => {
    test.each(seeds)(
      'a power cut of Redis loses up to a second of acknowledged writes if Redis fsyncs once a second (seed %i)',
      async (seed) => {
        const { exitCode, said, log } = await ran('redis', seed, ...SETS, '--set', 'appendonly=everysec')
        expect(said).toContain('NOT LINEARIZABLE')
        expect(said).toMatch(/acknowledged elements? (?:was|were) lost/)
        expect(said).toContain('What was written is fsynced once a second')
        expect(log).toMatch(/the power of n1 was cut, which took what was not fsynced\n.*incr\.aof: \d+ of \d+ bytes/)
        expect(exitCode).toBe(1)
      },
    )

    test.each(seeds)(
      'a power cut of Redis loses no acknowledged writes if Redis fsyncs before it answers (seed %i)',
      async (seed) => {
        const { exitCode, said } = await ran('redis', seed, ...SETS, '--set', 'appendonly=always')
        expect(said).toContain('LINEARIZABLE')
        expect(said).not.toContain('NOT LINEARIZABLE')
        expect(said).toContain('with 2 power losses')
        expect(exitCode, said).toBe(0)
      },
    )

    test('a power cut of Redis leaves nothing behind when chaos is killed', async () => {
      const { child, finished } = startChaos(['run', '--target', 'redis', '--faults', 'disk', '--time', '60s'])
      const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`chaos-machines-${child.pid}-`))
      await expect.poll(left, { timeout: 60_000 }).toHaveLength(1)
      child.kill('SIGKILL')
      await finished
      await expect.poll(left, { timeout: 60_000 }).toEqual([])
    })
  },
)

function whyNot(program: string): string {
  return installed(program) === undefined ? `: ${whySkipped(program)}` : ''
}
