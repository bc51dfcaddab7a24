import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { goFaultSupport } from '../../../../targets/src/preload/fault-support.ts'
import { chaos, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// Servers written in Go lose data in a power failure. A file system below their data simulates the failure.
// CHAOS_SOAK=short takes one seed.
const seeds = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]
const suffering = goFaultSupport('a server')('power-loss')
const without = (program: string): string => {
  if (installed(program) === undefined) return `: ${whySkipped(program)}`
  return suffering === true ? '' : `: ${suffering.not}`
}
const all = [{ fromMs: 4_000, toMs: 5_000, nodes: ['n1', 'n2', 'n3'] }]

async function ran(target: string, seed: number, faults: readonly object[], ...flags: readonly string[]) {
  const [directory, out] = [temporaryDirectory(), temporaryDirectory()]
  const schedule = join(directory, 'faults.json')
  writeFileSync(schedule, JSON.stringify(faults))
  const { exitCode, stdout, stderr } = await chaos([
    ...['run', '--target', target, '--workload', 'register', '--faults', schedule, '--seed', String(seed)],
    ...['--time', '8s', '--out', out, '--json', ...flags],
  ])
  if (stdout === '') throw new Error(`exit code ${exitCode}: ${stderr}`)
  const [run = ''] = readdirSync(out)
  return { exitCode, result: JSON.parse(stdout), log: readFileSync(join(out, run, 'nodes', 'n1.log'), 'utf8') }
}

const noNats = without('nats-server')
const noEtcd = without('etcd')
const limit = { timeout: 180_000 }

describe.skipIf(noNats !== '')(`a JetStream that fsyncs every two minutes${noNats}`, limit, () => {
  const directly = ['--set', 'direct=off', '--expect', 'none']

  test.each(seeds)('JetStream loses acknowledged writes when the power of all nodes is cut (seed %i)', async (seed) => {
    const faults = all.map((each) => ({ ...each, kind: 'power-loss' }))
    const { result, log } = await ran('nats', seed, faults, ...directly)
    expect(result.lost.length).toBeGreaterThan(0)
    expect(log).toMatch(/the power of n1 was cut, which took what was not fsynced\n.*msgs\/1\.blk: \d+ of \d+ bytes/s)
  })

  test.each(seeds)(
    'JetStream loses no acknowledged writes when all nodes are killed without a power cut (seed %i)',
    async (seed) => {
      const faults = all.map((each) => ({ ...each, kind: 'kill' }))
      const { result } = await ran('nats', seed, faults, ...directly)
      expect(result.lost).toEqual([])
    },
  )
})

describe.skipIf(noEtcd !== '')(`an etcd whose power is cut${noEtcd}`, limit, () => {
  const unsynced = ['lost', 'torn']

  test.each(seeds)('etcd loses no acknowledged write in a power cut (seed %i)', async (seed) => {
    const faults = all.map((each, i) => ({ ...each, kind: 'power-loss', unsynced: unsynced[(seed + i) % 2] }))
    const { exitCode, result, log } = await ran('etcd', seed, faults, '--expect', 'linearizable')
    expect(result.levels.linearizable.result).toBe('met')
    expect(log).toContain('the power of n1 was cut')
    expect(exitCode).toBe(0)
  })

  test('a power cut of etcd leaves no mount and no process behind when chaos is killed', async () => {
    const out = temporaryDirectory()
    const args = ['run', '--target', 'etcd', '--faults', 'power-loss', '--time', '60s', '--out', out]
    const { child, finished } = startChaos(args)
    const seeing = () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => mountsOf(pid).includes(`chaos-disk ${out}`))
    await expect.poll(() => seeing().length, { timeout: 60_000 }).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await finished
    await expect.poll(seeing, { timeout: 60_000 }).toEqual([])
  })
})

function mountsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/mounts`, 'utf8')
  } catch {
    return '' // it has ended
  }
}
