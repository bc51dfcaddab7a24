import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'
import { recordingOf } from '../../queue/recorded-registers.ts'

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

/** Starts a check, and waits until it has added its jobs and is waiting for a worker. */
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
  test('a check through a queue reports the same as a local check, and judges no shard twice', async () => {
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

  patientTest('two workers judge a correct rotated recording through a queue', async () => {
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

  patientTest('a small recording is sent to workers without the file, and no copy remains on the workers', async () => {
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

  patientTest('checks the recording that was sent, even if a worker has a different file with its name', async () => {
    const queue = await queueOf()
    const file = fileOf(recordingOf(600, 7, 300))
    const { finished } = await waiting(file, queue)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"write"', '"WRITE"'))
    const { printed } = await joined(queue)
    const { exitCode, stdout } = await finished
    expect(stdout).toContain('NOT LINEARIZABLE')
    expect(printed()).not.toContain('Refused a job')
    expect(exitCode).toBe(1)
  })

  test('chaos check --queue judges a recording locally if its keys cannot be judged separately, and says so', async () => {
    const queue = await queueOf()
    await joined(queue)
    const file = fileOf(recordingOf(20, 1))
    const { stderr, exitCode } = await check(file, ['--queue', queue, '--verbose'])
    expect(stderr).toContain('its keys cannot be judged separately')
    expect(exitCode).toBe(0)
  })

  /** A user's model of a register, which the arguments can make faulty. */
  function modelIn(directory: string, apply = '', more = ''): string {
    mkdirSync(join(directory, 'mine'), { recursive: true })
    writeFileSync(join(directory, 'mine', 'words.mjs'), "export const WRITE = 'write'")
    const model = join(directory, 'mine', 'cell.mjs')
    const text = `import { WRITE } from './words.mjs'
      export default {
        name: 'cell', initial: null, key: JSON.stringify, ${more}
        apply(state, { f, value }) { ${apply}; return f === WRITE ? [value] : [state, state] },
      }`
    writeFileSync(model, text)
    return model
  }

  patientTest("a user's model runs only on workers with --allow-code, and agrees with a local check", async () => {
    const queue = await queueOf()
    const model = ['--model', modelIn(temporaryDirectory())]
    const unwilling = await joined(queue)
    const said: string[] = []
    const { child, finished } = startChaos([
      ...['check', fileOf(recordingOf(2_400, 20)), '--verbose', '--queue', queue],
      ...model,
    ])
    child.stderr?.on('data', (chunk) => said.push(String(chunk)))
    await until(() => said.join('').includes('may run code of yours: start one with npx chaos worker --allow-code'))
    const willing = await joined(queue, ['--allow-code'])
    expect((await finished).exitCode).toBe(0)
    expect([shards(unwilling.printed()), shards(willing.printed())]).toEqual([0, 16])
    for (const lines of [recordingOf(2_400, 20, 1_200), recordingOf(300, 3, 150), recordingOf(300, 3)]) {
      const file = fileOf(lines)
      const alone = await check(file, model)
      const shared = await check(file, [...model, '--queue', queue])
      expect(shared).toEqual({ ...alone, stderr: shared.stderr })
      expect(shared.result.model).toBe('cell')
    }
    expect(shards(unwilling.printed())).toBe(0)
  })

  patientTest('a model that throws or hangs on a worker is reported as by a local check', async () => {
    const queue = await queueOf()
    const worker = await joined(queue, ['--allow-code'])
    const cwd = temporaryDirectory()
    const file = fileOf(recordingOf(40, 2))
    for (const apply of ['if (value === 10) throw new Error("ten")', 'while (value === 10);']) {
      const model = ['--model', modelIn(cwd, apply)]
      const alone = await check(file, model)
      const shared = await check(file, [...model, '--queue', queue])
      expect([shared.exitCode, shared.stderr]).toEqual([3, alone.stderr])
    }
    expect(worker.child.exitCode).toBe(null)
  })

  patientTest("checks several small files with a user's model as one job per file", async () => {
    const queue = await queueOf()
    const worker = await joined(queue, ['--allow-code'])
    const cwd = temporaryDirectory()
    const names = ['a.jsonl', 'b.jsonl', 'c.jsonl']
    for (const [n, name] of names.entries())
      writeFileSync(join(cwd, name), recordingOf(60, 2, n === 1 ? 30 : undefined).join('\n'))
    const words = ['check', ...names, '--model', modelIn(cwd), '--expect', 'linearizable', '--json']
    const levelsIn = (stdout: string) => stdout.match(/^\{.*\}$/gm)?.map((line) => JSON.parse(line).levels)
    const [alone, shared] = [await chaos(words, { cwd }), await chaos([...words, '--queue', queue], { cwd })]
    expect(levelsIn(alone.stdout)).toHaveLength(3)
    expect(levelsIn(shared.stdout)).toEqual(levelsIn(alone.stdout))
    expect([shared.exitCode, shards(worker.printed())]).toEqual([1, 3])
  })

  patientTest(
    'a check through a queue agrees with a local check, even if the recording exceeds the memory limit',
    async () => {
      const queue = await queueOf()
      const workers = [await joined(queue), await joined(queue)]
      for (const [staleAt, exitCode] of [
        [undefined, 0],
        [30_000, 1],
      ] as const) {
        const parts = temporaryDirectory()
        const lines = recordingOf(60_000, 64, staleAt)
        // Some operations begin in one part and complete in the next.
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
          expect(elsewhere.result.levels.sequential).toMatchObject({
            result: expect.stringMatching('violated|unknown'),
          })
      }
      expect(workers.reduce((sum, { printed }) => sum + shards(printed()), 0)).toBe(8)
    },
  )

  patientTest('a check through a queue continues with another worker when a worker is killed', async () => {
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

test('an option that cannot be sent to workers is refused, with an alternative', async () => {
  const cwd = temporaryDirectory()
  const stdin = await chaosHere(['check', '-', '--queue', 'redis://127.0.0.1:1'], { cwd })
  expect(stdin.stderr).toContain('--queue: standard input cannot be sent to workers. Save it to a file')
  expect(stdin.exitCode).toBe(3)
})
