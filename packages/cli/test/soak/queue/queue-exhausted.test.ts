import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bin, startProcess } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'
import { joined, ownCampaign, queueOf, waiting } from '../../queue/queue-process.ts'

// Tests workers of a queue that run out of disk space or memory.

const redis = installed('redis-server')

/** A protocol whose first step allocates memory without end. */
const GREEDY = `import own from './own.ts'
export default {
  ...own,
  create: (options) => ({
    ...own.create(options),
    step() {
      const kept = []
      for (;;) kept.push(new Array(1e5).fill(kept.length))
    },
  }),
}
`

describe.skipIf(redis === undefined)(`a queue${redis === undefined ? `: ${whySkipped('redis-server')}` : ''}`, () => {
  test('another worker does the jobs of a worker whose disk is full, and the worker with the full disk prints a remedy', async () => {
    const queue = await queueOf()
    const { cwd, words } = await ownCampaign()
    // Limits every file to 512 bytes.
    const script = 'trap "" XFSZ; ulimit -f 1; exec "$@"'
    const worker = ['worker', '--queue', queue, '--threads', '1', '--allow-code']
    const full = startProcess('sh', ['-c', script, 'sh', process.execPath, bin, ...worker])
    let printed = ''
    full.child.stdout?.on('data', (chunk) => {
      printed += chunk
    })
    const { finished } = waiting([...words, '--queue', queue], cwd)
    await until(() => printed.includes('Could not do a job'))
    expect(printed).toMatch(/the worker cannot write below .*chaos-worker-.*EFBIG.* Make room there/s)
    const roomy = await joined(queue, ['--allow-code'])
    const { stdout } = await finished
    await until(() => roomy.searched() === 2)
    expect(JSON.parse(stdout).trials).toBe(100)
  })

  test('a campaign ends if all workers have a full disk, and reports the full disks', async () => {
    const queue = await queueOf()
    const { cwd, words } = await ownCampaign()
    const script = 'trap "" XFSZ; ulimit -f 1; exec "$@"'
    startProcess('sh', ['-c', script, 'sh', process.execPath, bin, 'worker', '--queue', queue, '--allow-code'])
    const { exitCode, stderr } = await waiting([...words, '--queue', queue], cwd).finished
    expect(stderr).toMatch(/a worker could not do seeds .*: the worker cannot write below .* Make room there/s)
    expect(exitCode).toBe(4)
  })

  test('a protocol that exhausts the memory of a worker is reported as a failure of the protocol', async () => {
    const queue = await queueOf()
    const { cwd, words } = await ownCampaign()
    writeFileSync(join(cwd, 'own.ts'), readFileSync(join(cwd, 'protocol.ts')))
    writeFileSync(join(cwd, 'protocol.ts'), GREEDY)
    const worker = await joined(queue, ['--allow-code'])
    const { stdout, exitCode } = await waiting(
      [...words.filter((word) => word !== '--keep-going'), '--queue', queue],
      cwd,
    ).finished
    expect(JSON.parse(stdout).failures[0].cause).toContain('takes more memory than there is')
    expect(exitCode).toBe(4)
    expect(worker.child.exitCode).toBeNull()
  })
})
