// User code that never returns blocks its whole thread. A blocked thread cannot report itself. Each thread that runs
// user code therefore keeps its progress in memory that another thread can read.

/** Memory shared between a working thread and the thread that watches it. */
export type Progress = Float64Array<SharedArrayBuffer>

/** Index of the current unit of work, such as the seed of a search. */
const UNIT = 0
/** Index of the number of calls of the user's functions in this unit. */
const CALLS = 1
/** Index of the running function, as a number chosen by the caller; 0 outside the user's code. */
const WITHIN = 2
/** Index of the number of the call that must describe itself; 0 for none. */
const WANTED = 3
/** Index of the stop flag: 1 if no other unit may begin. */
const STOP = 4
const TEXT_LENGTH = 5
const TEXT = 6
const LONGEST_TEXT = 1_000

export function createProgress(wanted: number = 0): Progress {
  const progress = new Float64Array(new SharedArrayBuffer((TEXT + LONGEST_TEXT) * Float64Array.BYTES_PER_ELEMENT))
  progress[WANTED] = wanted
  return progress
}

export interface Reading {
  readonly unit: number
  readonly calls: number
  readonly within: number
}

export const readProgress = (progress: Progress): Reading => ({
  unit: progress[UNIT] ?? 0,
  calls: progress[CALLS] ?? 0,
  within: progress[WITHIN] ?? 0,
})

/** Returns the description of the requested call, or of the latest call if each call is described. */
export const readDescription = (progress: Progress): string =>
  String.fromCharCode(...progress.subarray(TEXT, TEXT + (progress[TEXT_LENGTH] ?? 0)))

export function beginUnit(progress: Progress, unit: number): void {
  progress[UNIT] = unit
  progress[CALLS] = 0
}

/** Counts a call. Returns true if the call must describe itself. */
export function countCall(progress: Progress): boolean {
  const call = (progress[CALLS] ?? 0) + 1
  progress[CALLS] = call
  return call === progress[WANTED]
}

export function describeCall(progress: Progress, text: string): void {
  const length = Math.min(text.length, LONGEST_TEXT)
  for (let i = 0; i < length; i++) progress[TEXT + i] = text.charCodeAt(i)
  progress[TEXT_LENGTH] = length
}

/**
 * Records that the thread enters one of the user's functions. The number 0 stands for code outside these functions.
 * Returns the previous number, which the caller must restore.
 */
export function enter(progress: Progress, where: number): number {
  const before = progress[WITHIN] ?? 0
  progress[WITHIN] = where
  return before
}

/** Asks the working thread to stop before its next unit of work. */
export function askToStop(progress: Progress): void {
  progress[STOP] = 1
}

export const isAskedToStop = (progress: Progress): boolean => progress[STOP] === 1
