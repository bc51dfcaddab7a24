import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chaos, chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { freePort, installed } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'

const redis = installed('redis-server')

/** A Redis without persistence that can be restarted on the same port. */
async function startAt(port: number): Promise<ChildProcess> {
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn(redis ?? '', [...words, '--dir', temporaryDirectory()], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void server.kill('SIGKILL'))
  let said = ''
  server.stdout.on('data', (chunk) => {
    said += chunk
  })
  await until(() => said.includes('Ready to accept connections'))
  return server
}

/** Whether jobs in the queue are waiting for a worker. */
const jobsWait = (port: number): boolean =>
  /:(wait|prioritized)$/m.test(spawnSync('redis-cli', ['-p', String(port), 'keys', '*'], { encoding: 'utf8' }).stdout)

const campaign = () => [
  ...['fuzz', '--target', 'quorum', '--set', 'r=1', '--set', 'w=1', '--expect', 'linearizable', '--keep-going'],
  ...['--seeds', '640', '--shrink', '200ms', '--no-guide', '--json', '--out', temporaryDirectory()],
]
const told = (stdout: string) => {
  const { trials, failures } = JSON.parse(stdout)
  return [trials, failures.map(({ cause, seed, times }: { [member: string]: unknown }) => ({ cause, seed, times }))]
}

describe.skipIf(redis === undefined)('a campaign', () => {
  test('a campaign loses nothing when Redis restarts without its data, and reports the restart', async () => {
    const port = await freePort()
    const queue = `redis://127.0.0.1:${port}`
    const first = await startAt(port)
    const worker = await joined(queue)
    // The stopped worker takes no jobs, so they stay in Redis until Redis is killed.
    worker.child.kill('SIGSTOP')
    const { finished } = startChaos([...campaign(), '--queue', queue])
    await until(() => jobsWait(port))
    first.kill('SIGKILL')
    await until(() => first.signalCode !== null)
    await startAt(port)
    worker.child.kill('SIGCONT')
    const { stdout, stderr } = await finished
    const alone = await chaos(campaign())
    expect(told(stdout)).toEqual(told(alone.stdout))
    expect(stderr).toMatch(/Redis had lost \d+ jobs?, which (was|were) handed out again: nothing is missing/)
  })

  test('a campaign continues after the death of its coordinator if its command is run again', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const { child } = startChaos([...campaign(), '--queue', queue])
    await until(() => worker.searched() > 2)
    child.kill('SIGKILL')
    const { stdout } = await chaos([...campaign(), '--queue', queue])
    expect(told(stdout)[0]).toBe(640)
    expect(worker.searched()).toBe(10)
  })

  test('a campaign that is continued by its name reports its earlier findings, and ends with the same result', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const named = ['--queue', queue, '--campaign', 'nightly']
    const { child } = startChaos([...campaign(), ...named])
    await until(() => worker.searched() > 3)
    // The search saves its progress every two seconds, and when it ends.
    child.kill('SIGINT')
    await new Promise((resolve) => child.once('close', resolve))
    const listed = await chaos(['fuzz', '--campaigns', '--queue', queue])
    expect(listed.stdout).toMatch(/^nightly {3}quorum · 640 seeds from seed 1 · \d+ trials in .*, \d causes? found · /)
    const before = worker.searched()
    const again = await chaos(['fuzz', ...named, '--shrink', '200ms', '--json', '--out', temporaryDirectory()])
    expect(again.stderr).toMatch(/The campaign nightly goes on\. \d+ trials were run before, in .*: \d found/)
    expect(worker.searched() - before).toBeLessThan(8)
    const alone = await chaos(campaign())
    expect(told(again.stdout)).toEqual(told(alone.stdout))
    const searched = worker.searched()
    const third = await chaos(['fuzz', ...named, '--shrink', '200ms', '--json', '--out', temporaryDirectory()])
    expect(third.stderr).toMatch(/The campaign nightly is over\. 640 trials were run before/)
    expect(told(third.stdout)).toEqual(told(alone.stdout))
    expect(worker.searched()).toBe(searched)
    const other = await chaos(['fuzz', '--bug', 'stale-read', ...named])
    expect(other.stderr).toContain(
      '--campaign nightly: that name belongs to another search: of quorum, for 640 seeds, from seed 1',
    )
    expect(other.exitCode).toBe(3)
  })

  test('a campaign gives up a job that ended three workers, and names the job', async () => {
    const queue = await queueOf()
    const cwd = temporaryDirectory()
    await chaosHere(['init', 'protocol'], { cwd })
    const source = readFileSync(join(cwd, 'protocol.ts'), 'utf8')
    writeFileSync(
      join(cwd, 'protocol.ts'),
      `if (process.env['POISON']) process.kill(process.pid, 'SIGKILL')\n${source}`,
    )
    const words = ['fuzz', '--protocol', 'protocol.ts', '--seeds', '9', '--queue', queue, '--json']
    const { finished } = startChaos(words, { cwd })
    for (let n = 0; n < 3; n++) {
      const { child } = await joined(queue, ['--allow-code'], { POISON: 'yes' })
      await until(() => child.signalCode === 'SIGKILL')
    }
    // Only a live worker can detect that another worker has died.
    await joined(queue, ['--allow-code'])
    const { exitCode, stdout } = await finished
    expect(JSON.parse(stdout).vacuous.join()).toMatch(
      /seeds 1 to 9 of .*protocol\.ts: three workers ended while running it/,
    )
    expect(exitCode).toBe(2)
  })
})
