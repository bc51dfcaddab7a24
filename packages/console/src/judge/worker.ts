import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { type CheckOptions, check, levelsOf, type Report } from '@chaosproxy/checker'
import { extendThread } from '@chaosproxy/engine/extend-thread'
import { lastTime, millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { renderVerdict } from '@chaosproxy/report/explanation'
import { missingSuccesses } from '@chaosproxy/runner'
import { workloadOf } from '@chaosproxy/targets/named'
import type { Judgement, JudgeTask } from './judge.ts'

// Judges the record of a run that is still being written: all of it again each time that it is asked to.

/** A check of a running run that takes longer would be old news. */
const DEADLINE_MS = millis(10_000)
const MEMORY_BYTES = 500_000_000

const { file, model: named, initial: start, workload: name, asked, title, version } = workerData as JudgeTask

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
        asked,
        vacuous: missingSuccesses(history, checking),
      },
      { isSoFar: true },
    ),
    upTo: lastTime(history) / 1e6,
    operations: history.operations.length,
  }
}

/** A thirtieth of what an ordinary thread gets where both want a core: less, and the verdict would never turn on a busy one. */
const NICENESS = 15

/**
 * Lets all other threads and processes of the machine go first: clients and nodes are what the run is about. Only on
 * Linux does a thread have a priority of its own; elsewhere its rests have to do.
 */
function stepAside(): void {
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? []
    if (thread !== undefined) setPriority(Number(thread), NICENESS)
  } catch {
    // Not on Linux, or not allowed.
  }
}
