import { check } from '@chaos/checker'
import { type History, UserError } from '@chaos/history'
import { readHistory } from '@chaos/history/files'
import type { TerminalOptions } from '@chaos/report'
import { type CheckedFile, resultOf } from './outcome.ts'
import { type CheckSettings, checkOptionsFor } from './settings.ts'

/** One file to check, and what is wanted of it. Plain data: it may go to another thread. */
export interface CheckTask {
  readonly file: string
  readonly settings: CheckSettings
  /** Whether it is the only one: then it gets a page rather than a line of a table. */
  readonly alone: boolean
  readonly terminal: TerminalOptions & { readonly colours: boolean }
}

/** What became of a file, as text and numbers: a history stays in the thread that read it. */
export type CheckResult = CheckedFile | FileTrouble | StoppedFile

/** The file could not be read or checked. */
export interface FileTrouble {
  readonly file: string
  readonly trouble: { readonly code: UserError['code']; readonly message: string }
}

/** Its check did not keep to its limits and was ended from outside: nothing is known. */
export interface StoppedFile {
  readonly file: string
  readonly stopped: string
}

/** Reads and checks one file within its limits. Never throws for what is the file's fault. */
export function checkFile(task: CheckTask, say: (text: string) => void = () => {}): Promise<CheckResult> {
  return unlessTroubled(task, async () => checkRead(task, await readTimed(task, false), say))
}

/** A history and what reading it took. */
export interface ReadFile {
  readonly history: History
  readonly parseMs: number
}

export async function readTimed({ file, settings: { format } }: CheckTask, shared: boolean): Promise<ReadFile> {
  const started = performance.now()
  const history = await readHistory(file, { format, shared })
  return { history, parseMs: performance.now() - started }
}

/** Checks what was read in the time that is left. */
export function checkRead(
  task: CheckTask,
  { history, parseMs }: ReadFile,
  say: (text: string) => void = () => {},
): CheckedFile {
  const { file, settings } = task
  const started = performance.now()
  say(checking(file, history))
  const report = check(history, checkOptionsFor(file, history, settings, settings.timeoutMs - parseMs))
  return resultOf(task, { history, report, parseMs, checkMs: performance.now() - started })
}

export const checking = (file: string, { operations }: History): string =>
  `checking ${operations.length.toLocaleString('en-US')} operations of ${file}`

/** The work's result, or what is wrong with the file. */
export async function unlessTroubled<Result>(
  { file }: CheckTask,
  work: () => Result | Promise<Result>,
): Promise<Result | FileTrouble> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError) return troubleOf(file, error)
    throw error
  }
}

export const troubleOf = (file: string, { code, message }: UserError): FileTrouble => ({
  file,
  trouble: { code, message },
})
