import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { eventually, processExists, realClusters } from '../../../testing/src/real-cluster.ts'

const { directory } = realClusters()
const targets = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href

/**
 * A separate runner process that uses the build. It starts a cluster, pauses a node, prints the ids of the processes,
 * and waits.
 */
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
  return startScript(script)
}

async function startScript(script: string) {
  const runner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: runner.stdout }).once('line', resolve)
    runner.once('exit', (code) => reject(new Error(`the runner ended with ${code}`)))
  })
  return { runner, pids: JSON.parse(line) as number[] }
}

/**
 * Like `startRunner`, but the only node is a command that does not know the runner: a shell with a child, a process in
 * a session of its own, and a daemon.
 */
async function startCommandRunner() {
  const runDir = directory()
  const built = (...path: string[]) => pathToFileURL(join(import.meta.dirname, '../../dist', ...path)).href
  const pids = join(runDir, 'pids')
  const family = `echo $$ >> ${pids}; sleep 300 & echo $! >> ${pids};
    setsid sh -c 'echo $$ >> ${pids}; sleep 300; true' &
    (setsid sh -c 'echo $$ >> ${pids}; sleep 300; true' &)
    while [ $(wc -l < ${pids}) -lt 4 ]; do sleep 0.01; done; echo all; wait`
  const script = `
    import { readFileSync } from 'node:fs'
    import { startKeeper } from '${built('keeper', 'keeper.js')}'
    import { startCommand } from '${built('command', 'command-process.js')}'
    const keeper = startKeeper(() => {})
    const options = { name: 'n1', logPath: '${runDir}/n1.log', keeper }
    const node = await startCommand({
      ...options,
      command: { words: ['/bin/sh', '-c', ${JSON.stringify(family)}] },
      async line() {
        await node.pause()
        const pids = readFileSync('${pids}', 'utf8').trim().split('\\n').map(Number)
        console.log(JSON.stringify([...pids, keeper.pid]))
      },
    })
  `
  return startScript(script)
}

test('a process ends if the runner is killed before it registers the process with the keeper process', async () => {
  const runDir = directory()
  const built = (...path: string[]) => pathToFileURL(join(import.meta.dirname, '../../dist', ...path)).href
  const family = `sleep 300 & echo $$ $! > ${runDir}/new && mv ${runDir}/new ${runDir}/pids; wait`
  const script = `
    import { startKeeper } from '${built('keeper', 'keeper.js')}'
    import { startCommand } from '${built('command', 'command-process.js')}'
    const keeper = startKeeper(() => {})
    console.log(JSON.stringify([keeper.pid]))
    await startCommand({
      name: 'n1',
      logPath: '${runDir}/n1.log',
      keeper: { ...keeper, watch: () => process.kill(process.pid, 'SIGKILL') },
      command: { words: ['/bin/sh', '-c', ${JSON.stringify(family)}] },
    })
  `
  const { pids: keeper } = await startScript(script)
  await eventually(async () => expect(keeper.map(processExists)).toEqual([false]))
  // The process may have been killed before it wrote the file.
  const file = join(runDir, 'pids')
  const pids = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : []
  expect(pids.filter(processExists)).toEqual([])
})

test.each([{ forks: true }, { forks: false }])(
  'a process started by a thread ends with the thread, even if it is still starting (forks: $forks)',
  async (kept) => {
    const script = `
    import { spawn } from 'node:child_process'
    import { writeSync } from 'node:fs'
    import { startWithThisThread } from '${targets}'
    startWithThisThread((marked) => {
      const child = spawn('sleep', ['300'], { stdio: 'ignore', env: { ...process.env, ...marked } })
      writeSync(1, String(child.pid))
      process.kill(process.pid, 'SIGKILL')
      return child
    }, ${JSON.stringify(kept)})
  `
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    const pid = Number(stdout)
    expect(pid).toBeGreaterThan(0)
    try {
      await eventually(async () => expect(processExists(pid)).toBe(false))
    } finally {
      if (processExists(pid)) process.kill(pid, 'SIGKILL')
    }
  },
)

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'all processes started by the commands of a run end when the runner is killed by %s',
  async (signal) => {
    const { runner, pids } = await startCommandRunner()
    try {
      expect(pids.map(processExists)).toEqual([true, true, true, true, true])
      runner.kill(signal)
      await eventually(async () => expect(pids.map(processExists)).toEqual([false, false, false, false, false]))
    } finally {
      runner.kill('SIGKILL')
      for (const pid of pids.filter(processExists)) process.kill(pid, 'SIGKILL')
    }
  },
)

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'all nodes, including a paused node, end when the runner is killed by %s',
  async (signal) => {
    const { runner, pids } = await startRunner()
    try {
      expect(pids.map(processExists)).toEqual([true, true, true, true])
      runner.kill(signal)
      await eventually(async () => expect(pids.map(processExists)).toEqual([false, false, false, false]))
    } finally {
      runner.kill('SIGKILL')
      for (const pid of pids.filter(processExists)) process.kill(pid, 'SIGKILL')
    }
  },
)
