import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { installed } from '../../proxy/test/real-servers.ts'
import { chaos, chaosHere, startChaos, temporaryDirectory } from './chaos.ts'
import { patientTest, test } from './patient.ts'
import { until } from './processes.ts'
import { joined, queueOf } from './queue-process.ts'
import { recordingOf } from './recorded-registers.ts'

const redis = installed('redis-server')

function fileOf(lines: readonly string[]): string {
  const file = join(temporaryDirectory(), 'recording.jsonl')
  writeFileSync(file, lines.join('\n'))
  return file
}

const shards = (printed: string): number => printed.match(/^Did keys/gm)?.length ?? 0

const told = (stdout: string) => ({ ...JSON.parse(stdout === '' ? '{}' : stdout), timing: {} })
const check = async (file: string, more: readonly string[] = []) => {
  const { exitCode, stdout, stderr } = await chaos(['check', file, '--expect', 'linearizable', '--json', ...more])
  return { exitCode, stderr, result: told(stdout) }
}

/** A check that has put up its jobs, and waits for a worker. */
async function waiting(file: string, queue: string) {
  const { child, finished } = startChaos(['check', file, '--expect', 'linearizable', '--verbose', '--queue', queue])
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  await until(() => said.includes('no worker at'))
  return { finished, said: () => said }
}

describe.skipIf(redis === undefined)('a check through a queue', () => {
  test('says what a check alone says, counterexample and all, and judges nothing again that is known', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const file = fileOf(recordingOf(2_000, 20, 1_200))
    const [alone, shared] = [await check(file), await check(file, ['--queue', queue])]
    expect(shared.result).toEqual(alone.result)
    expect(shared.result.levels.linearizable.counterexample.operations.length).toBeGreaterThan(1)
    expect(shared.exitCode).toBe(1)
    const done = shards(worker.printed())
    expect(done).toBe(16)
    expect((await check(file, ['--queue', queue])).result).toEqual(alone.result)
    expect(shards(worker.printed())).toBe(done)
  })

  test('judges a rotated recording in which nothing is wrong, by two workers', async () => {
    const queue = await queueOf()
    const workers = [await joined(queue), await joined(queue)]
    const parts = temporaryDirectory()
    const lines = recordingOf(900, 30)
    for (const n of [1, 2, 3])
      writeFileSync(join(parts, `part-${n}.jsonl.gz`), gzipSync(lines.slice((n - 1) * 600, n * 600).join('\n')))
    const [alone, shared] = [await check(parts), await check(parts, ['--queue', queue])]
    expect(alone.result.levels.linearizable.result).toBe('met')
    expect(shared).toEqual({ ...alone, stderr: shared.stderr })
    expect(workers.reduce((sum, { printed }) => sum + shards(printed()), 0)).toBe(16)
  })

  test('sends a small recording to workers that have it not, of which nothing is left there', async () => {
    const queue = await queueOf()
    const file = fileOf(recordingOf(600, 7, 300))
    const alone = await chaos(['check', file, '--expect', 'linearizable'])
    const { finished } = await waiting(file, queue)
    rmSync(file)
    const { printed } = await joined(queue)
    const { exitCode, stdout } = await finished
    expect(shards(printed())).toBe(16)
    const lasting = (text: string) => text.replace(/[\d.]+ (ms|s)\b| +/g, ' ').replace(/ +/g, ' ')
    expect([lasting(stdout), exitCode]).toEqual([lasting(alone.stdout), 1])
  })

  test('is refused by a worker whose disk has something else under that name, which is told plainly', async () => {
    const queue = await queueOf()
    const file = fileOf(recordingOf(600, 7))
    const { finished, said } = await waiting(file, queue)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"write"', '"WRITE"'))
    const { printed } = await joined(queue)
    const { exitCode } = await finished
    expect(said()).toContain('its content differs')
    expect(printed()).toContain('Refused a job')
    expect(exitCode).toBe(4)
  })

  test('judges here what cannot be judged key by key, and says so', async () => {
    const queue = await queueOf()
    await joined(queue)
    const file = fileOf(recordingOf(20, 1))
    const { stderr, exitCode } = await check(file, ['--queue', queue, '--verbose'])
    expect(stderr).toContain('its keys cannot be judged apart')
    expect(exitCode).toBe(0)
  })

  patientTest('keeps no operation of a recording larger than memory, and finds what a check alone finds', async () => {
    const queue = await queueOf()
    const workers = [await joined(queue), await joined(queue)]
    for (const [staleAt, exitCode] of [
      [undefined, 0],
      [30_000, 1],
    ] as const) {
      const parts = temporaryDirectory()
      const lines = recordingOf(60_000, 64, staleAt)
      // An operation is called in one part and answered in the next.
      const cuts = [0, 31_001, 60_002, 90_003, lines.length]
      for (const n of [1, 2, 3, 4])
        writeFileSync(join(parts, `part-${n}.jsonl`), lines.slice(cuts[n - 1], cuts[n]).join('\n'))
      const [alone, here] = [await check(parts), await check(parts, ['--memory', '6MB'])]
      const elsewhere = await check(parts, ['--memory', '5MB', '--queue', queue])
      const { linearizable } = alone.result.levels
      expect(elsewhere.stderr).not.toContain('cannot be judged apart')
      for (const large of [here, elsewhere]) {
        expect([large.exitCode, large.result.levels.linearizable]).toEqual([exitCode, linearizable])
        expect(large.result.operations).toEqual(alone.result.operations)
      }
      if (exitCode === 0) expect(elsewhere.result.levels).toEqual(alone.result.levels)
      else
        expect(elsewhere.result.levels.sequential).toMatchObject({ result: expect.stringMatching('violated|unknown') })
    }
    expect(workers.reduce((sum, { printed }) => sum + shards(printed()), 0)).toBe(8)
  })

  patientTest('goes on with another worker when one is killed', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const file = fileOf(recordingOf(40_000, 64, 30_000))
    const checking = check(file, ['--queue', queue])
    await until(() => shards(worker.printed()) > 0)
    worker.child.kill('SIGKILL')
    await joined(queue)
    const [shared, alone] = [await checking, await check(file)]
    expect(shared.result).toEqual(alone.result)
  })
})

test('what does not travel to workers is refused with what to do instead', async () => {
  const cwd = temporaryDirectory()
  mkdirSync(join(cwd, 'mine'))
  writeFileSync(join(cwd, 'mine', 'model.mjs'), 'export default {}')
  const queue = ['--queue', 'redis://127.0.0.1:1']
  const stdin = await chaosHere(['check', '-', ...queue], { cwd })
  expect(stdin.stderr).toContain('--queue: standard input cannot travel to workers. Save it to a file')
  const own = await chaosHere(['check', 'x.jsonl', '--model', './mine/model.mjs', ...queue], { cwd })
  expect(own.stderr).toContain('--queue: a model of your own does not travel to workers')
  expect([stdin.exitCode, own.exitCode]).toEqual([3, 3])
})
