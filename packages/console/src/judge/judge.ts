import { Worker } from 'node:worker_threads'
import type { ModelName } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import type { VerdictPart } from '@chaosproxy/report/explanation'
import { judgeScript } from '../server/built-file.ts'

export interface JudgeTask {
  /** The history file, which grows. */
  readonly file: string
  /** The model; undefined to use the workload's own model. */
  readonly model: ModelName | undefined
  readonly initial: Json
  readonly workload: string
  readonly requestedLevel: string | undefined
  readonly title: string
  readonly version: string
}

/** The verdict on the record up to a moment. */
export interface Judgement extends VerdictPart {
  /** The time up to which the record was judged, in milliseconds since the run's start. */
  readonly upTo: number
  readonly operations: number
  readonly tookMs: number
}

export interface Judge {
  /** Ends the pause after a judgement, so that the next judgement starts immediately. */
  hurry(): void
  /** Stops judging. A judgement in progress is not reported. */
  stop(): void
}

/** The thread's memory limit. A record that needs more is judged only at its end. */
const MEMORY_MB = 1_024

/**
 * Judges the growing record repeatedly on a thread with a limited share of one core. The thread reads the file, so it
 * costs the run little.
 */
export function startJudge(
  task: JudgeTask,
  onJudgement: (judgement: Judgement) => void,
  gaveUp: (why: string) => void,
): Judge {
  const thread = new Worker(judgeScript(), {
    workerData: task,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  })
  let stopped = false
  let isBusy = false
  let timer: NodeJS.Timeout | undefined
  const judge = () => {
    clearTimeout(timer)
    if (stopped || isBusy) return
    isBusy = true
    thread.postMessage('judge')
  }
  const after = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(judge, ms)
  }
  const stop = () => {
    stopped = true
    clearTimeout(timer)
    void thread.terminate()
  }
  const giveUp = (why: string) => {
    if (stopped) return
    stop()
    gaveUp(why)
  }
  thread.on('message', (message: Judgement | { readonly failure: string }) => {
    if (stopped) return
    isBusy = false
    if ('failure' in message) return giveUp(message.failure)
    // The pause after a judgement that took `tookMs`.
    after(Math.max(LEAST_REST_MS, message.tookMs * (1 / SHARE - 1)))
    onJudgement(message)
  })
  thread.on('error', (error) => giveUp(error.message))
  thread.unref()
  after(FIRST_REST_MS)
  return { hurry: judge, stop }
}

/** The greatest share of a core for judging. The rest is for the run, which has priority. */
const SHARE = 0.2
const LEAST_REST_MS = 400
/** The pause before the first judgement, during which the run records its first events. */
const FIRST_REST_MS = 300
