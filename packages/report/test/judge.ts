import { check, levels } from '@chaosproxy/checker'
import { type History, millis } from '@chaosproxy/history'
import { type Made, made } from '../../testing/src/timeline.ts'
import { factsOf } from '../src/facts/facts.ts'

export const now = () => millis(performance.now())

export function judge(operations: readonly Made[], model: string) {
  const history: History = made(operations)
  const report = check(history, {
    model,
    initial: null,
    levels,
    failedCas: 'drop',
    deadlineMs: millis(60_000),
    memoryBytes: 1e9,
    now,
  } as never)
  return { ...factsOf({ history, report }), history, report }
}

export const titleOf = (operations: readonly Made[], model: string): string => judge(operations, model).headline.title
