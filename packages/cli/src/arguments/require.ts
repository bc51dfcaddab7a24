import type { Level } from '@chaosproxy/checker'
import { type Millis, millis } from '@chaosproxy/history'
import { RUN_DEFAULTS, type RunDraft, runMembers } from '@chaosproxy/runner'
import { measures, PROBE_EXAMPLES, parseRequirement, REQUIREMENT_EXAMPLE } from '@chaosproxy/runner/result'
import { type ParsedOptions, textsOf } from '../command.ts'
import type { Option, ValuesOf } from '../option.ts'
import { asDuration, flag, ifTyped, words } from './declare.ts'

export const requireOption: { readonly require: Option<readonly string[] | undefined> } = {
  require: {
    ...words(
      `exit with 1 unless this holds, any number of times: "${REQUIREMENT_EXAMPLE}", "p99 of read < 200ms", "lost == 0"; of ${measures.map(({ name }) => name).join(', ')}; a level: "linearizable of read during healed"; or a probe: "${PROBE_EXAMPLES[0]}", '${PROBE_EXAMPLES[1]}'`,
    ),
    common: true,
    valueIn: parseRequire,
  },
}

/** For every command that records real clients. */
export const stopOption: { readonly 'stop-on-violation': Option<boolean> } = {
  'stop-on-violation': flag(
    'stop as soon as a violation of linearizability is certain, while recording; implies --expect linearizable',
  ),
}

export const checkLimit: { readonly 'check-timeout': Option<Millis | undefined> } = {
  'check-timeout': ifTyped(asDuration(runMembers.checkMs)),
}

/** The default time limit for checking. */
export const USUAL_CHECK_MS: Millis = millis(RUN_DEFAULTS.checkMs)

/** What a run is judged by, as members of its spec. */
export const judgedBy = ({
  expect,
  require,
  'stop-on-violation': stops,
  'check-timeout': checkMs,
}: ValuesOf<typeof requireOption & typeof stopOption & typeof checkLimit> & {
  readonly expect: string | undefined
}): Pick<RunDraft, 'expect' | 'require' | 'stopOnViolation'> & { readonly checkMs: Millis | undefined } => ({
  expect: expect ?? (stops ? ('linearizable' satisfies Level) : undefined),
  stopOnViolation: stops || undefined,
  ...{ require, checkMs },
})

/**
 * The requirements as typed; undefined if there are none.
 *
 * @throws UserError (usage) if one cannot be read.
 */
function parseRequire(options: ParsedOptions): readonly string[] | undefined {
  const typed = textsOf(options, 'require')
  for (const text of typed) parseRequirement(text, '--require')
  return typed.length === 0 ? undefined : typed
}
