import { type CheckResult, type CheckTask, checkFile } from './check-file.ts'

/** What a thread of the pool does with a task. */
export const checkOne = (task: CheckTask): Promise<CheckResult> => checkFile(task)
