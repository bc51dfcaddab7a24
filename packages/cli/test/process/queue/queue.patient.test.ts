import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { BRIEF_COMPARISON, chaos, chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'

const redis = installed('redis-server')

const SEARCH = ['fuzz', '--target', 'quorum', '--set', 'r=1', '--set', 'w=1', '--expect', 'linearizable']
const fuzz = async (args: readonly string[]) => {
  const words = [...SEARCH, '--shrink', '200ms', '--no-guide', '--json', '--out', temporaryDirectory(), ...args]
  const { exitCode, stdout, stderr } = await chaos(words)
  return { exitCode, stderr, result: JSON.parse(stdout === '' ? '{}' : stdout) }
}

describe.skipIf(redis === undefined)('a search through a queue', () => {
  test('a search through a queue finds the same failures as a local search, and searches no seed twice', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const seeds = ['--seeds', '80', '--keep-going']
    const [alone, shared] = [await fuzz(seeds), await fuzz([...seeds, '--queue', queue])]
    expect(shared.exitCode).toBe(1)
    for (const result of [alone, shared].map((each) => each.result)) expect(result.trials).toBe(80)
    const told = ({ result }: typeof alone) =>
      // The size of the reduced failure depends on the available time, so it is not compared.
      result.failures.map(({ cause, seed, times }: { [member: string]: unknown }) => ({ cause, seed, times }))
    expect(told(shared)).toEqual(told(alone))
    expect(shared.stderr).not.toContain('Warning')
    const { searched } = worker
    expect(searched()).toBe(2)
    const again = await fuzz([...seeds, '--queue', queue])
    expect(told(again)).toEqual(told(alone))
    expect(searched()).toBe(2)
  })

  patientTest('a search through a queue continues with another worker when a worker is killed', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const searching = fuzz(['--seeds', '640', '--keep-going', '--queue', queue])
    await until(() => worker.searched() > 0)
    worker.child.kill('SIGKILL')
    await joined(queue)
    expect((await searching).result.trials).toBe(640)
  })

  test('a worker of a search leaves on Ctrl-C with exit code 0', async () => {
    const worker = await joined(await queueOf())
    worker.child.kill('SIGINT')
    expect((await worker.finished).exitCode).toBe(0)
  })
})

describe('an unusable queue', () => {
  test.each([
    [['worker'], 3, 'chaos worker needs a queue. Add --queue redis://host:6379.'],
    [['worker', '--queue', 'http://me:secret@host'], 3, '--queue: give the address of a Redis or Valkey'],
    [['worker', '--queue', 'redis://me:secret@127.0.0.1:1'], 3, 'everybody on this machine can read a password'],
    [['worker', '--queue', 'env:NO_SUCH_QUEUE'], 3, 'export NO_SUCH_QUEUE=redis://127.0.0.1:6379'],
    [['worker', '--queue', 'env:CLOSED_QUEUE'], 4, '--queue: the Redis at 127.0.0.1:1 does not answer'],
    [['fuzz', '--seeds', '1', '--queue', 'env:CLOSED_QUEUE'], 4, 'the Redis at 127.0.0.1:1 does not answer'],
    [['fuzz', '--priority', 'low'], 3, '--priority needs a queue: add --queue redis://host:6379.'],
    [['check', 'a.jsonl', '--priority', 'low'], 3, '--priority needs a queue'],
    [['compare', '--priority', 'low'], 3, '--priority needs a queue'],
  ])('an unusable queue is refused with the reason: %j', async (args, exitCode, message) => {
    vi.stubEnv('CLOSED_QUEUE', 'redis://me:secret@127.0.0.1:1')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { exitCode: code, stderr } = await chaosHere([...args])
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('secret')
    expect(code).toBe(exitCode)
  })

  test('--queue is refused together with --binary, because a program cannot be sent to workers', async () => {
    const cwd = temporaryDirectory()
    writeFileSync(join(cwd, 'node.mjs'), '')
    const words = ['fuzz', '--binary', 'node node.mjs', '--seeds', '1', '--queue', 'redis://127.0.0.1:1']
    const { exitCode, stderr } = await chaosHere(words, { cwd })
    expect(stderr).toContain('--queue: your own programs cannot be sent to workers')
    expect(exitCode).toBe(3)
  })
})

describe.skipIf(redis === undefined)('a protocol from a file', () => {
  const mine = async () => {
    const cwd = temporaryDirectory()
    await chaosHere(['init', 'protocol'], { cwd })
    return cwd
  }

  patientTest(
    'a protocol file is sent with its imports only to workers that were started with --allow-code',
    async () => {
      const queue = await queueOf()
      const wary = await joined(queue)
      const cwd = await mine()
      const source = readFileSync(join(cwd, 'protocol.ts'), 'utf8')
      writeFileSync(join(cwd, 'own.ts'), source)
      writeFileSync(join(cwd, 'protocol.ts'), "export { default } from './own.ts'\n")
      const words = ['fuzz', '--protocol', 'protocol.ts', '--seeds', '200', '--keep-going', '--json', '--no-guide']
      const alone = await chaos(words, { cwd })
      const shared = startChaos([...words, '--queue', queue], { cwd })
      let said = ''
      shared.child.stderr?.on('data', (chunk) => {
        said += chunk
      })
      const willing = await joined(queue, ['--allow-code'])
      const { stdout, exitCode } = await shared.finished
      const told = (text: string) => {
        const { trials, failures } = JSON.parse(text)
        return {
          trials,
          failures: failures.map(({ cause, seed, times }: { [member: string]: unknown }) => ({ cause, seed, times })),
        }
      }
      expect([told(stdout), exitCode]).toEqual([told(alone.stdout), alone.exitCode])
      expect([wary.searched(), willing.searched()]).toEqual([0, 4])
      expect(said).not.toContain('error')
    },
  )

  test('a search through a queue says that it waits if no worker is allowed to run its protocol file', async () => {
    const queue = await queueOf()
    await joined(queue)
    const cwd = await mine()
    const { child } = startChaos(['fuzz', '--protocol', 'protocol.ts', '--seeds', '9', '--queue', queue], { cwd })
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    await until(() => said.includes('may run code of yours: start one with npx chaos worker --allow-code'))
    child.kill('SIGKILL')
  })
})

patientTest.skipIf(redis === undefined)(
  'a comparison through a queue measures the same as a comparison without a queue',
  async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const words = ['compare', '--targets', 'raft', '--faults', 'partition', ...BRIEF_COMPARISON, '--json']
    const [alone, shared] = [await chaos(words), await chaos([...words, '--queue', queue])]
    const told = ({ stdout }: typeof alone) => ({ ...JSON.parse(stdout), elapsedMs: 0 })
    expect(told(shared)).toEqual(told(alone))
    expect(worker.printed()).toMatch(/^Did a run of raft with seed 1 in /m)
  },
)
