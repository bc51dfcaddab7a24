import { type EventInput, historyFromEvents, millis } from '@chaosproxy/history'
import { check } from '../src/check/check.ts'
import type { Report } from '../src/judge/report.ts'

/**
 * Returns a function that judges histories by levels of a model. Each of these levels is a guarantee or a combination
 * of guarantees.
 */
export const judgingBy =
  <Level extends string>(model: string, levels: readonly Level[]) =>
  (events: readonly EventInput[]): Report<Level> =>
    check(historyFromEvents(events), {
      ...{ model, levels, initial: null, failedCas: 'drop', memoryBytes: 1e9 },
      ...{ deadlineMs: millis(10_000), now: () => millis(0) },
    }) as unknown as Report<Level>

/** Returns the levels among `some` that have the result. */
export const withResult = <Level extends string, Some extends Level>(
  some: readonly Some[],
  { levels }: Report<Level>,
  result: string,
): readonly Some[] => some.filter((each) => levels[each].result === result)
