import type { Others, ShareAnswer } from '@chaosproxy/checker'
import type { Job } from '../jobs/job.ts'
import { modelFileOf } from './options.ts'
import type { CheckResult, CheckTask, FileTrouble, StoppedFile } from './result.ts'
import * as worker from './worker.ts'

type CheckJob<Input, Result> = Job<worker.Timed<Input>, Result | FileTrouble | StoppedFile>

/** The history, and the model of the user's own. */
function filesOf({ file, settings }: CheckTask): readonly string[] {
  const model = modelFileOf(settings)
  return model === undefined ? [file] : [file, model]
}

const ofTask = ({ input }: worker.Timed<CheckTask>): readonly string[] => filesOf(input)
const ofLent = ({ input }: worker.Timed<worker.LentFile>): readonly string[] => filesOf(input.task)

/** Reads and checks a file. */
export const checkJob: CheckJob<CheckTask, CheckResult> = { kind: 'checkOne', reads: ofTask, run: worker.checkOne }

/** Reads a file into memory that all threads share. */
export const readJob: CheckJob<CheckTask, worker.LentFile> = { kind: 'readOne', reads: ofTask, run: worker.readOne }

/** Checks what another thread has read. */
export const lentJob: CheckJob<worker.LentFile, CheckResult> = {
  kind: 'checkLent',
  reads: ofLent,
  run: worker.checkLent,
}

/** Judges the keys of one share. */
export const shareJob: CheckJob<worker.ShareTask, ShareAnswer> = {
  kind: 'judgeOneShare',
  reads: ofLent,
  run: worker.judgeOneShare,
}

/** Judges the levels that are not local to a key. */
export const besideJob: CheckJob<worker.PartTask, Others> = {
  kind: 'judgeWhatIsBeside',
  reads: ofLent,
  run: worker.judgeWhatIsBeside,
}
