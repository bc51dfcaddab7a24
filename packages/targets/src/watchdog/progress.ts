// Code of a user that never returns blocks its whole thread, which then cannot report it. So each thread that runs such
// code keeps its progress in memory that another thread can read.

/** Memory shared between the thread that works and the one that watches it. */
export type Progress = Float64Array<SharedArrayBuffer>

/** Which part of the work it is at, such as the seed of a search. */
const UNIT = 0
/** Calls of the user's functions that began since the unit did. */
const CALLS = 1
/** 0 outside the user's code; otherwise which of its functions runs, as a number of the caller's own. */
const WITHIN = 2
/** The call that is to describe itself; 0 for none. */
const WANTED = 3
/** 1 once the work is to begin no other unit. */
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

/** The description of the wanted call once it began, or of the latest where each is described. */
export const readDescription = (progress: Progress): string =>
  String.fromCharCode(...progress.subarray(TEXT, TEXT + (progress[TEXT_LENGTH] ?? 0)))

export function beginUnit(progress: Progress, unit: number): void {
  progress[UNIT] = unit
  progress[CALLS] = 0
}

/** Counts a call; true if it is the one that is to describe itself. */
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

/** Enters one of the user's functions, or with 0 leaves it; returns where the thread was, to be set again afterwards. */
export function enter(progress: Progress, where: number): number {
  const before = progress[WITHIN] ?? 0
  progress[WITHIN] = where
  return before
}

/** Asks the work to begin no other unit. */
export function askToStop(progress: Progress): void {
  progress[STOP] = 1
}

export const isAskedToStop = (progress: Progress): boolean => progress[STOP] === 1
