import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { type CheckOptions, check, decidedByStart, levelsOf, type Report } from '@chaosproxy/checker'
import { extendThread } from '@chaosproxy/engine/extend-thread'
import { lastTime, millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { renderVerdict } from '@chaosproxy/report/explanation'
import { missingSuccesses } from '@chaosproxy/runner'
import { workloadOf } from '@chaosproxy/targets/named'
import type { Judgement, JudgeTask } from './judge.ts'

// Judges the whole growing record at each request.

/** The time limit of a check. A later result would be outdated. */
const DEADLINE_MS = millis(10_000)
const MEMORY_BYTES = 500_000_000

const {
  file,
  model: named,
  initial: start,
  workload: name,
  requestedLevel: asked,
  title,
  version,
} = workerData as JudgeTask

stepAside()

parentPort?.on('message', async () => {
  const began = performance.now()
  try {
    parentPort?.postMessage({ ...(await judged()), tookMs: performance.now() - began })
  } catch (error) {
    parentPort?.postMessage({ failure: error instanceof Error ? error.message : String(error) })
  }
})

async function judged(): Promise<Omit<Judgement, 'tookMs'>> {
  await extendThread()
  const { model, initial } = named === undefined ? await workloadOf(name) : { model: named, initial: start }
  const history = await readHistory(file)
  const checking: CheckOptions<string> = {
    model,
    initial,
    levels: levelsOf(model, history),
    deadlineMs: DEADLINE_MS,
    memoryBytes: MEMORY_BYTES,
    now: () => millis(performance.now()),
  }
  const report = check(history, checking) as Report
  return {
    ...renderVerdict(
      {
        title,
        version,
        history,
        report,
        historyFile: file,
        linksHistory: false,
        requestedLevel: asked,
        vacuous: [...missingSuccesses(history, checking), ...decidedByStart(history, checking)],
      },
      { isSoFar: true },
    ),
    upTo: lastTime(history) / 1e6,
    operations: history.operations.length,
  }
}

/**
 * With this niceness, the thread gets a thirtieth of the time of an ordinary thread. With less time, it would never
 * reach a new verdict.
 */
const NICENESS = 15

/** Lowers the priority of this thread, so that all other work goes first. Only Linux has a priority per thread. */
function stepAside(): void {
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? []
    if (thread !== undefined) setPriority(Number(thread), NICENESS)
  } catch {
    // The operating system is not Linux, or forbids this process to change a priority.
  }
}
