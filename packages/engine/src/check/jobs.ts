import { existsSync, statSync } from 'node:fs'
import type { Others, ShareAnswer } from '@chaosproxy/checker'
import { partsOf, STDIN } from '@chaosproxy/history/files'
import type { Job } from '../jobs/job.ts'
import type { ApartResult } from './apart-result.ts'
import type { Known } from './large.ts'
import { modelFileOf } from './options.ts'
import type { CheckResult, CheckTask, FileTrouble, StoppedFile } from './result.ts'
import * as worker from './worker.ts'

type CheckJob<Input, Result> = Job<worker.Timed<Input>, Result | FileTrouble | StoppedFile>

/** Returns the paths of the history's and the model's files; undefined if the history is a pipe. */
function filesOf({ file, merged, settings }: CheckTask): readonly string[] | undefined {
  if (merged === undefined && (file === STDIN || !existsSync(file))) return undefined
  const parts = merged ?? partsOf(file)
  const model = modelFileOf(settings)
  if (!parts.every((part) => statSync(part).isFile())) return undefined
  return model === undefined ? parts : [...parts, model]
}

const ofTask = ({ input }: worker.Timed<CheckTask>): readonly string[] | undefined => filesOf(input)

/** A job on a part of a task. */
const partJob = <Input extends { readonly task: CheckTask }, Result>(
  kind: string,
  run: CheckJob<Input, Result>['run'],
): CheckJob<Input, Result> => ({ kind, reads: ({ input }) => filesOf(input.task), run })

export const checkJob: CheckJob<CheckTask, CheckResult> = { kind: 'checkOne', reads: ofTask, run: worker.checkOne }

/** Reads a file into memory that all threads share. */
export const readJob: CheckJob<CheckTask, worker.LentFile> = { kind: 'readOne', reads: ofTask, run: worker.readOne }

export const lentJob: CheckJob<worker.LentFile, CheckResult> = partJob('checkLent', worker.checkLent)

export const shareJob: CheckJob<worker.ShareTask, ShareAnswer> = partJob('judgeOneShare', worker.judgeOneShare)

/** Judges the levels that concern all keys together. */
export const besideJob: CheckJob<worker.PartTask, Others> = partJob('judgeWhatIsBeside', worker.judgeWhatIsBeside)

/** Reads a recording, and packs its operations by groups of keys (places). */
export const readLargeJob: CheckJob<worker.LargeTask, worker.ReadLarge> = partJob('readLarge', worker.readLarge)

/** Reads a part of a recording, and packs its operations. */
export const stretchJob: CheckJob<worker.StretchTask, worker.ReadOneStretch> = partJob(
  'readOneStretch',
  worker.readOneStretch,
)

/** Finishes the check of a recording that was judged key by key. */
export const knownJob: CheckJob<Known, CheckResult> = partJob('checkKnown', worker.checkKnown)

export const placesJob: CheckJob<worker.PlacesTask, ApartResult> = partJob('judgeSomePlaces', worker.judgeSomePlaces)
