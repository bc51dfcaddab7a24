// One run of five Raft nodes, in a separate process, so that no run uses code that an earlier run has compiled.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { openHistoryWriter } from '@chaosproxy/history/files'
import { drive, heal, type RunOptions, readLast } from '@chaosproxy/runner'
import { startEmbeddedCluster } from '@chaosproxy/targets'
import { register } from '@chaosproxy/workloads'

export interface RunRequest {
  /** Whether the proxy records the run: what clients see, and what nodes see. If false, the clients record it. */
  readonly recorded: boolean
  readonly clients: number
  readonly rate: number
  readonly warmUpMs: number
  readonly measuredMs: number
}

export interface RunSpeed {
  readonly operationsPerSecond: number
  /**
   * Processor time per operation, in microseconds, of this process, which contains the clients, the proxy and the
   * recorder.
   */
  readonly ownMicroseconds: number
}

const NODES = 5
const SEED = 4

async function speedOf(request: RunRequest): Promise<RunSpeed> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-run-'))
  const { object, functions, reads, initial } = register
  const cluster = await startEmbeddedCluster({
    protocol: 'raft',
    object,
    nodes: NODES,
    dataDir: join(directory, 'data'),
    logDir: join(directory, 'nodes'),
    seed: SEED,
    recorded: request.recorded ? { functions, reads, initial } : undefined,
  })
  const client = openHistoryWriter(join(directory, 'history.jsonl'))
  const backend = openHistoryWriter(join(directory, 'history.backend.jsonl'))
  const sink: RunOptions['sink'] = {
    append: client.append,
    wire: { client: (line) => client.appendLine(line), backend: (line) => backend.appendLine(line) },
  }
  try {
    return await new Promise<RunSpeed>((resolve) => {
      let speed: RunSpeed | undefined
      const options: RunOptions = {
        cluster,
        workload: register,
        schedule: [],
        sink,
        clients: request.clients,
        rate: request.rate,
        timeMs: millis(request.warmUpMs + request.measuredMs + 1000),
        timeoutMs: millis(1000),
        quietMs: millis(10_000),
        seed: SEED,
      }
      const ended = () => speed !== undefined && resolve(speed)
      const driven = drive(options, (why) => heal(driven, why, (healed) => readLast(healed, ended)))
      const { handle } = driven
      cluster.begin()
      const completed = () => {
        const { ok, fail } = handle.progress().counts
        return ok + fail
      }
      setTimeout(() => {
        const [countBefore, timeBefore, cpuBefore] = [completed(), performance.now(), process.cpuUsage()]
        setTimeout(() => {
          const count = completed() - countBefore
          const { user, system } = process.cpuUsage(cpuBefore)
          const seconds = (performance.now() - timeBefore) / 1000
          speed = { operationsPerSecond: count / seconds, ownMicroseconds: (user + system) / count }
          handle.interrupt()
        }, request.measuredMs)
      }, request.warmUpMs)
    })
  } finally {
    client.close()
    backend.close()
    await new Promise<void>((stopped) => cluster.stop(stopped))
    rmSync(directory, { recursive: true })
  }
}

process.once('message', async (request: RunRequest) => {
  process.send?.(await speedOf(request))
})
process.on('disconnect', () => process.exit())
