import type { ExhibitResult, TrialResult } from '@chaosproxy/report/gallery'
import { namesOf } from '../arguments/names.ts'

/** An exhibit that has been run, with all of its trials. */
export interface Ran {
  readonly name: string
  readonly seconds: number
}

/**
 * Estimates the time for the remaining exhibits in seconds, from the stored durations and this machine's slowdown so
 * far.
 */
export function secondsLeft(
  ran: readonly Ran[],
  left: readonly string[],
  kept: readonly ExhibitResult[],
): number | undefined {
  if (ran.length === 0 || kept.length === 0) return undefined
  // The usual number of seconds for two trials of each exhibit: one of the weakness and one of the cure.
  const usual = new Map(kept.map((exhibit) => [exhibit.name, mean(exhibit.weaknessTrials) + mean(exhibit.cureTrials)]))
  const average = total([...usual.values()]) / usual.size
  const usually = (names: readonly string[]): number => total(names.map((name) => usual.get(name) ?? average))
  const slowness = total(ran.map(({ seconds }) => seconds)) / usually(namesOf(ran))
  return slowness * usually(left)
}

/** `about 12 min left`, `about 3 h left`. */
export function leftInWords(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60))
  return minutes < 120 ? `about ${minutes} min left` : `about ${Math.round(minutes / 60)} h left`
}

const mean = (trials: readonly TrialResult[]): number => total(trials.map(({ seconds }) => seconds)) / trials.length

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
