import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { kv } from '../../../../testing/src/containers/kv.ts'
import { eventually, processExists } from '../../../../testing/src/real-cluster.ts'
import { isStopped } from '../../../src/processes/process-tree.ts'
import { declaredClusters } from '../../cluster/clusters.ts'
import { type SomeonesCluster, someonesCluster } from '../../cluster/running.ts'

const { directory } = declaredClusters()
const built = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href
const open: SomeonesCluster[] = []
const runners: ChildProcess[] = []
afterEach(() => {
  for (const runner of runners.splice(0)) runner.kill('SIGKILL')
  for (const cluster of open.splice(0)) cluster.end()
})

/**
 * A separate runner process that uses the build. It starts the cluster, kills n1, pauses n2, prints the ids of the
 * processes, and waits.
 */
async function startRunner(declaration: unknown, runDir: string) {
  const script = `
    import { declaredTarget, parseDeclaration } from '${built}'
    const target = declaredTarget(parseDeclaration(${JSON.stringify(declaration)}, 'mine'), { where: 'mine', directory: '.' })
    const cluster = await target.start({
      nodes: 3, settings: { data: 'kept' }, operations: { functions: ['read', 'write'], reads: ['read'], initial: null },
      seed: 1, dataDir: '${runDir}/data', logDir: '${runDir}/logs',
    })
    const pids = [...cluster.nodes.map(cluster.pid), cluster.keeperPid].filter(Boolean)
    cluster.inject({ kind: 'kill', nodes: ['n1'] }, () =>
      cluster.inject({ kind: 'pause', nodes: ['n2'] }, () => console.log(JSON.stringify(pids))))
  `
  const runner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  runners.push(runner)
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: runner.stdout }).once('line', resolve)
    runner.once('exit', (code) => reject(new Error(`the runner ended with ${code}`)))
  })
  return { runner, pids: JSON.parse(line) as number[] }
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a runner killed by %s leaves no process or directory of a cluster that the runner started',
  async (signal) => {
    const runDir = directory()
    const { runner, pids } = await startRunner(kv, runDir)
    runner.kill(signal)
    await eventually(async () => expect(pids.filter(processExists)).toEqual([]))
    expect(['n1', 'n2', 'n3'].filter((id) => existsSync(join(runDir, 'data', id)))).toEqual([])
  },
)

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a cluster that the runner did not start is restored after the runner is killed by %s',
  async (signal) => {
    const runDir = directory()
    const theirs = await someonesCluster({ directory: directory() })
    open.push(theirs)
    const { runner, pids } = await startRunner(theirs.declaration, runDir)
    await eventually(async () => {
      expect(processExists(theirs.pid('n1'))).toBe(false)
      expect(isStopped(theirs.pid('n2'))).toBe(true)
    })
    runner.kill(signal)
    await eventually(async () => expect(pids.filter(processExists)).toEqual([]))
    await eventually(async () => {
      expect(processExists(theirs.pid('n1'))).toBe(true)
      expect(isStopped(theirs.pid('n2'))).toBe(false)
    })
  },
)
