import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'

const redis = installed('redis-server')
const skewed = new URL('../../queue/skewed-clock.mjs', import.meta.url).href

/** Two workers whose clocks are 100 ms apart, and drift apart. */
async function twoWorkers(queue: string) {
  const env = (ahead: number, drift: number) => ({
    NODE_OPTIONS: `--import ${skewed}`,
    CHAOS_TEST_AHEAD_MS: String(ahead),
    CHAOS_TEST_DRIFT: String(drift),
  })
  return [await joined(queue, [], env(50, 300)), await joined(queue, [], env(-50, -300))]
}

interface Result {
  readonly levels: { readonly linearizable: { readonly result: string; readonly reason?: string } }
  readonly clocks: { readonly clocks: number; readonly withinNanos: { readonly max: number } }
  readonly operations: { readonly total: number }
  readonly run: string
}

async function run(queue: string, more: readonly string[]) {
  const out = temporaryDirectory()
  const words = ['run', '--queue', queue, '--workers', '2', '--json', '--out', out, ...more]
  const { exitCode, stdout, stderr } = await chaos(words)
  return { exitCode, stderr, result: JSON.parse(stdout === '' ? '{}' : stdout) as Result }
}

interface Line {
  readonly time: number
  readonly clock?: string
  readonly within?: number
}

describe.skipIf(redis === undefined)('a run whose clients are driven by two workers with skewed clocks', () => {
  test('a run of Raft by two workers with skewed clocks is linearizable, and chaos check confirms the verdict', async () => {
    const queue = await queueOf()
    await twoWorkers(queue)
    const { exitCode, result, stderr } = await run(queue, ['--target', 'raft', '--time', '3s', '--seed', '1'])
    expect(stderr).toBe('')
    expect(result.clocks.clocks).toBe(2)
    // A busy machine may reply so late that the clocks leave the verdict unknown. The reason then mentions the clocks.
    const { result: found, reason } = result.levels.linearizable
    if (found === 'met') expect(exitCode).toBe(0)
    else expect([found, reason]).toEqual(['unknown', expect.stringContaining('clocks of the workers')])
    const again = await chaos(['check', result.run, '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ levels: result.levels, clocks: result.clocks })
    const lines = readFileSync(join(result.run, 'history.jsonl'), 'utf8').trim().split('\n')
    const events = lines.slice(1, -1).map((line) => JSON.parse(line) as Line)
    expect(new Set(events.map(({ clock }) => clock))).toEqual(new Set(['1', '2', undefined]))
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).toSorted((a, b) => a - b))
  })

  test('the command in the manual runs on two workers, and reports how closely their clocks agreed', async () => {
    const queue = await queueOf()
    await twoWorkers(queue)
    const page = readFileSync(join(root, 'packages', 'cli', 'docs', 'past-one-machine.md'), 'utf8')
    const [, command = ''] = /```bash\nnpx chaos worker [^\n]*\nnpx chaos (run [^\n]*)\n```/.exec(page) ?? []
    const words = command.replace('redis://127.0.0.1:6379', queue).split(' ')
    const { exitCode, stdout } = await chaos(words, { cwd: temporaryDirectory() })
    expect(stdout).toContain('the clocks of 2 load workers agreed to within')
    expect([0, 2]).toContain(exitCode)
  })
})
