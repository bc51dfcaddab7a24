import { type Parsed, textAt } from '@chaosproxy/runner/result'
import type { Next } from './next.ts'

/** The report in a result of `--json`. Missing texts are empty. */
export interface SavedTelling {
  readonly outcome: string
  readonly what: string
  readonly verdict: string
  /** What happened and why, in one text; empty without a violation. */
  readonly sentence: string
  readonly why: string
  readonly next: Next
}

export const savedTelling = (result: Parsed): SavedTelling => {
  const at = (...path: readonly string[]): string => textAt(result, ...path) ?? ''
  return {
    outcome: at('telling', 'outcome'),
    what: textAt(result, 'telling', 'what') ?? 'No verdict',
    verdict: at('verdict'),
    sentence: at('sentence'),
    why: at('telling', 'why', 'text'),
    next: { text: at('telling', 'next', 'text'), command: textAt(result, 'telling', 'next', 'command') },
  }
}

/** Returns what happened, and why. */
export const savedStory = ({ sentence, why }: SavedTelling): string => (sentence === '' ? why : sentence)
