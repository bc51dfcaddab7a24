import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { eventually, processExists, realClusters } from './real-cluster.ts'

const { directory } = realClusters()
const targets = pathToFileURL(join(import.meta.dirname, '..', 'dist', 'index.js')).href

/** A runner of its own, on what is built: starts a cluster, pauses a node, says which processes there are, and waits. */
async function startRunner() {
  const runDir = directory()
  const script = `
    import { startEmbeddedCluster } from '${targets}'
    const cluster = await startEmbeddedCluster({
      protocol: 'raft', nodes: 3, dataDir: '${runDir}/data', logDir: '${runDir}', seed: 1,
    })
    const pids = [...cluster.nodes.map((node) => cluster.pid(node)), cluster.keeperPid]
    cluster.inject({ kind: 'pause', nodes: ['n2'] }, () => console.log(JSON.stringify(pids)))
  `
  const runner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: runner.stdout }).once('line', resolve)
    runner.once('exit', (code) => reject(new Error(`the runner ended with ${code}`)))
  })
  return { runner, pids: JSON.parse(line) as number[] }
}

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'when the runner dies of %s, no node lives for 5 s, not even one that is paused',
  async (signal) => {
    const { runner, pids } = await startRunner()
    try {
      expect(pids.map(processExists)).toEqual([true, true, true, true])
      const since = performance.now()
      runner.kill(signal)
      await eventually(async () => expect(pids.map(processExists)).toEqual([false, false, false, false]))
      expect(performance.now() - since).toBeLessThan(5000)
    } finally {
      runner.kill('SIGKILL')
      for (const pid of pids.filter(processExists)) process.kill(pid, 'SIGKILL')
    }
  },
)
