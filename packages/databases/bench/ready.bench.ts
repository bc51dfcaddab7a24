import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databases } from '@chaosproxy/databases'
import { millis } from '@chaosproxy/history'
import { register, settingsFor } from '@chaosproxy/workloads'

export const name = 'targets: from nothing until databases serve'

const ROUNDS = 3
const goals = [
  { target: 'redis', withinMs: 5_000 },
  { target: 'etcd', withinMs: 5_000 },
  { target: 'postgres', withinMs: 8_000 },
] as const

/**
 * Measures the time until every node is ready, one node leads, and one of them has answered a read through the proxy.
 */
export async function run(print: (line: string) => void): Promise<void> {
  for (const { target, withinMs } of goals) {
    const lacking = (await (await databases.get(target)?.())?.missing?.()) ?? []
    if (lacking.length > 0) {
      print(`${target.padEnd(10)} not measured: there is no ${lacking.map(({ program }) => program).join(', ')}`)
      continue
    }
    const tookMs: number[] = []
    for (let round = 0; round < ROUNDS; round++) tookMs.push(await startOnce(target))
    const slowest = Math.max(...tookMs)
    print(
      `${target.padEnd(10)} ${tookMs.map((ms) => `${(ms / 1000).toFixed(2)} s`).join(', ')}: goal ≤ ${withinMs / 1000} s${slowest <= withinMs ? '' : ' MISSED'}`,
    )
  }
}

async function startOnce(name: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  const target = await databases.get(name)?.()
  if (target === undefined) throw new Error(`there is no ${name}`)
  const { object, functions, reads, initial } = register
  const startedAtMs = performance.now()
  const cluster = await target.start({
    nodes: target.defaultNodes,
    settings: settingsFor(target),
    bug: undefined,
    object,
    operations: { functions, reads, initial, before: [{ f: 'read', key: 'x', value: null }] },
    seed: 1,
    dataDir: join(directory, 'data'),
    logDir: join(directory, 'logs'),
    longestMs: millis(60_000),
    rate: 100,
  })
  const tookMs = performance.now() - startedAtMs
  await new Promise<void>((stopped) => cluster.stop(stopped))
  rmSync(directory, { recursive: true })
  return tookMs
}
