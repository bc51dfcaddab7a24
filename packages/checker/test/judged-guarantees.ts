import { type EventInput, historyFromEvents, millis } from '@chaosproxy/history'
import { check } from '../src/check/check.ts'
import type { Report } from '../src/judge/report.ts'

/** Judges histories by all levels of a model whose levels are guarantees, or are made of some. */
export const judgingBy =
  <Level extends string>(model: string, levels: readonly Level[]) =>
  (events: readonly EventInput[]): Report<Level> =>
    check(historyFromEvents(events), {
      ...{ model, levels, initial: null, failedCas: 'drop', memoryBytes: 1e9 },
      ...{ deadlineMs: millis(10_000), now: () => millis(0) },
    }) as unknown as Report<Level>

/** Of some levels, those with this result. */
export const withResult = <Level extends string, Some extends Level>(
  some: readonly Some[],
  { levels }: Report<Level>,
  result: string,
): readonly Some[] => some.filter((each) => levels[each].result === result)
