import { Worker } from 'node:worker_threads'
import type { ModelName } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import type { VerdictPart } from '@chaosproxy/report/explanation'
import { judgeScript } from '../server/built-file.ts'

export interface JudgeTask {
  /** The history, which grows. */
  readonly file: string
  /** Absent for a model of a workload's own, which the thread takes from the workload. */
  readonly model: ModelName | undefined
  readonly initial: Json
  readonly workload: string
  /** The level that the run is held to. */
  readonly asked: string | undefined
  readonly title: string
  readonly version: string
}

/** What the record proves up to a moment. */
export interface Judgement extends VerdictPart {
  /** Milliseconds since the run's start. */
  readonly upTo: number
  readonly operations: number
  readonly tookMs: number
}

export interface Judge {
  /** Judges as soon as the thread is free, instead of after a rest. */
  hurry(): void
  /** Judges no more; a judgement under way is not told. */
  stop(): void
}

/** The thread may take no more memory: beyond that the record is judged only at its end. */
const MEMORY_MB = 1_024

/**
 * Judges the growing record again and again on a thread of its own, for a share of one core. The thread reads the file
 * itself, so that the run only pays for the disk's cache.
 */
export function startJudge(
  task: JudgeTask,
  told: (judgement: Judgement) => void,
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
  thread.on('message', (said: Judgement | { readonly failure: string }) => {
    if (stopped) return
    isBusy = false
    if ('failure' in said) return giveUp(said.failure)
    after(restAfter(said.tookMs))
    told(said)
  })
  thread.on('error', (error) => giveUp(error.message))
  thread.unref()
  after(FIRST_REST_MS)
  return { hurry: judge, stop }
}

/** Judging again takes at most this share of a core: the run comes first. */
const SHARE = 0.2
const LEAST_REST_MS = 400
/** The first judgement waits for something to judge. */
const FIRST_REST_MS = 300

/** How long to rest after a judgement that took so long. */
const restAfter = (tookMs: number): number => Math.max(LEAST_REST_MS, tookMs * (1 / SHARE - 1))
