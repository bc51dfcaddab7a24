import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'

const skewed = new URL('../../queue/skewed-clock.mjs', import.meta.url).href
/** The short soak stops at the first seed whose run has a stale read. */
const SEEDS = [2, 3, 1, 4, 5]
const isShort = process.env['CHAOS_SOAK'] === 'short'

/** The clock of a worker is this many milliseconds ahead, and gains this many parts per million. */
const clock = (ahead: number, drift: number) => ({
  NODE_OPTIONS: `--import ${skewed}`,
  CHAOS_TEST_AHEAD_MS: String(ahead),
  CHAOS_TEST_DRIFT: String(drift),
})

test.skipIf(installed('redis-server') === undefined)(
  'a stale read through workers with disagreeing clocks is never accepted: it is a violation or unknown',
  async () => {
    const queue = await queueOf()
    await joined(queue, [], clock(50, 300))
    await joined(queue, [], clock(-50, -300))
    const run = async (seed: number, more: readonly string[]) => {
      const words = ['run', '--target', 'raft', '--nodes', '3', '--keys', '2', '--rate', '300', '--timeout', '500ms']
      const { stdout } = await chaos([
        ...[...words, '--seed', String(seed), '--queue', queue, '--workers', '2', '--json'],
        ...['--expect', 'linearizable', '--out', temporaryDirectory(), ...more],
      ])
      const { result, reason = '' } = JSON.parse(stdout).levels.linearizable
      if (result === 'unknown') expect(reason).toMatch(/clock/)
      return result as string
    }
    const found: string[] = []
    for (const seed of SEEDS) {
      if (!isShort) expect(await run(seed, ['--time', '4s'])).not.toBe('violated')
      found.push(await run(seed, ['--time', '6s', '--bug', 'stale-read']))
      if (isShort && found.includes('violated')) break
    }
    expect(found).toContain('violated')
  },
)

/** Starts a proxy in front of the queue. The proxy delays all data by `ms`. Returns the proxy's address. */
async function late(queue: string, ms: number): Promise<string> {
  const { hostname, port } = new URL(queue)
  const server = createServer((client) => {
    const redis = connect(Number(port), hostname)
    for (const [from, to] of [
      [client, redis],
      [redis, client],
    ] as const)
      from.on('data', (chunk) => setTimeout(() => to.writable && to.write(chunk), ms))
    for (const end of [client, redis])
      end.on('error', () => {}).on('close', () => [client, redis].map((each) => each.destroy()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.skipIf(installed('redis-server') === undefined)(
  'levels that depend on the clocks of distant workers are reported as unknown with the reason',
  async () => {
    const queue = await queueOf()
    const there = await late(queue, 60)
    await joined(there)
    await joined(there)
    const out = temporaryDirectory()
    const page = join(out, 'page.html')
    const words = ['run', '--target', 'raft', '--nodes', '3', '--keys', '1', '--clients', '2', '--rate', '300']
    const { stdout, exitCode } = await chaos([
      ...[...words, '--time', '5s', '--faults', 'none', '--queue', queue, '--workers', '2', '--seed', '1'],
      ...['--expect', 'linearizable', '--out', out, '--reporter', 'default'],
      ...['--reporter', `html=${page}`, '--reporter', `json=${join(out, 'it.json')}`],
    ])
    // The operations are shorter than the uncertainty of the clocks, and the verdict depends on their order.
    const why = /clocks\s+of\s+the\s+workers\s+agreed\s+with\s+the\s+reference\s+clock\s+only\s+to\s+within\s+±\d+ ms/
    expect(exitCode).toBe(2)
    const { linearizable } = JSON.parse(readFileSync(join(out, 'it.json'), 'utf8')).levels
    expect(linearizable).toMatchObject({ result: 'unknown', reason: expect.stringMatching(why) })
    expect(stdout).toMatch(why)
    expect(readFileSync(page, 'utf8')).toMatch(why)
  },
)
