// User code that never returns blocks its whole thread, which then cannot report itself. The thread therefore keeps its
// progress in memory that another thread can read.

/** Memory shared between a working thread and the thread that watches it. */
export type Progress = Float64Array<SharedArrayBuffer>

/** The index of the current unit of work, such as a seed. */
const UNIT = 0
/** The index of the element with the number of calls in the current unit of work. */
const CALLS = 1
/** The index of the element with the number of the user's function that is running; 0 if none is (see `enter`). */
const WITHIN = 2
/**
 * The index of the element with the number of the call that must store a description of itself. Calls are numbered as
 * in CALLS. The element is 0 if no call must do so.
 */
const WANTED = 3
/** The index of a flag: 1 if no other unit may begin, and otherwise 0. */
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

/** Returns the latest description that a call has stored. */
export const readDescription = (progress: Progress): string =>
  String.fromCharCode(...progress.subarray(TEXT, TEXT + (progress[TEXT_LENGTH] ?? 0)))

export function beginUnit(progress: Progress, unit: number): void {
  progress[UNIT] = unit
  progress[CALLS] = 0
}

/** Counts a call. Returns whether this call must be described with `describeCall`. */
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
 * Records that the thread enters one of the user's functions, or other code (0). Returns the previous number, which the
 * caller must restore.
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

export const mustStop = (progress: Progress): boolean => progress[STOP] === 1
