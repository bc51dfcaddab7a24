import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The reactions of servers to a flipped bit on disk. CHAOS_SOAK=short takes one seed of the quick test. The gallery
// shows PostgreSQL's reaction.
const short = process.env['CHAOS_SOAK'] === 'short'
const seeds = short ? [1] : [1, 2, 3]
/** The seeds of the tests that the short soak skips. Empty in the short soak. */
const rare = short ? [] : seeds
const without = (program: string) => (installed(program) === undefined ? `: ${whySkipped(program)}` : '')
const noRedis = without('redis-server')
const noEtcd = without('etcd')

async function ran(target: string, seed: number, flip: object, ...flags: readonly string[]) {
  const out = temporaryDirectory()
  const schedule = join(out, 'schedule.json')
  writeFileSync(schedule, JSON.stringify([{ kind: 'flip-bit', fromMs: 2_000, toMs: 2_200, at: 0.4, ...flip }]))
  const { exitCode, stdout, stderr } = await chaos([
    ...['run', '--target', target, '--json', '--seed', String(seed), '--faults', schedule, '--time', '4s'],
    ...['--expect', 'linearizable', '--out', join(out, 'runs'), ...flags],
  ])
  if (stdout === '') throw new Error(`exit code ${exitCode}: ${stderr}`)
  return { exitCode, result: JSON.parse(stdout) }
}

describe.skipIf(noRedis !== '')(`a Redis whose file has no checksums${noRedis}`, { timeout: 120_000 }, () => {
  const element = { nodes: ['n1'], files: 'incr.aof', matching: '(?<=\\$\\d\\r\\n)\\d+(?=\\r\\n)' }

  test.each(seeds)('Redis returns an element with a flipped bit as a regular value (seed %i)', async (seed) => {
    const { exitCode, result } = await ran(
      'redis',
      seed,
      element,
      ...[...['--nodes', '1', '--set', 'appendonly=always', '--workload', 'set', '--workload-set', 'keys=3']],
    )
    expect(result.notes.join()).toMatch(/a bit of .*incr\.aof was flipped at n1: byte \d+ changed from \d+ to \d+/)
    expect(result.levels.linearizable.result).toBe('violated')
    expect(result.telling.why.text).toContain('a bit of incr.aof flipped at n1')
    expect(exitCode).toBe(1)
  })
})

describe.skipIf(noEtcd !== '')(`an etcd whose log has checksums${noEtcd}`, { timeout: 120_000 }, () => {
  const entry = { nodes: ['n2'], files: '.wal', matching: 'object/', bit: 3 }

  test.each(rare)(
    'etcd does not start a node with a flipped bit in its log, and the other nodes continue (seed %i)',
    async (seed) => {
      const { exitCode, result } = await ran('etcd', seed, entry)
      expect(result.notes.join()).toMatch(/n2 (?:did not start again|ended by itself).*crc mismatch/s)
      expect([exitCode, result.trouble, result.levels.linearizable.result]).toEqual([0, [], 'met'])
    },
  )
})
