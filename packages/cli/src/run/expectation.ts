import { levels } from '@chaos/checker'
import { type PromisedLevel, promiseOf } from '@chaos/protocols'
import type { RunExpectation } from '@chaos/runner'
import { oneOf } from '../arguments/one-of.ts'
import type { RunSettings } from './settings.ts'

const NOTHING = 'none'

/** The level that the target promises with these knobs and under these faults. */
export const promiseOfRun = ({
  protocol,
  knobs,
  nemeses,
}: Pick<RunSettings, 'protocol' | 'knobs' | 'nemeses'>): PromisedLevel | 'none' =>
  nemeses.some(({ kind }) => protocol.notUnder?.some((plan) => plan === kind)) ? NOTHING : promiseOf(protocol, knobs)

/** A level, or `none` to look only; left out, what the target promises. */
export function parseExpectation(
  typed: string | undefined,
  promised: PromisedLevel | 'none',
): RunExpectation | undefined {
  if (typed === undefined) return promised === NOTHING ? undefined : { level: promised, promised: true }
  const level = oneOf('expect', 'level', typed, [...levels, NOTHING])
  return level === NOTHING ? undefined : { level, promised: false }
}

/** What `--expect` has to say for the same expectation; undefined where it may be left out. */
export const expectOption = (settings: RunSettings): string | undefined =>
  settings.expect === undefined
    ? promiseOfRun(settings) === NOTHING
      ? undefined
      : NOTHING
    : settings.expect.promised
      ? undefined
      : settings.expect.level
