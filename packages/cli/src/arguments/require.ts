import type { Level } from '@chaosproxy/checker'
import type { Millis } from '@chaosproxy/history'
import { type RunDraft, runMembers } from '@chaosproxy/runner'
import { parseRequirement, REQUIREMENT_EXAMPLE } from '@chaosproxy/runner/result'
import { type ParsedOptions, textsOf } from '../command.ts'
import type { Option } from '../option.ts'
import { asDuration, flag, ifTyped, words } from './declare.ts'

/** The options for judging a run, other than the level. */
export const judgingOptions: {
  readonly require: Option<readonly string[] | undefined>
  readonly 'stop-on-violation': Option<boolean | undefined>
  readonly 'check-timeout': Option<Millis | undefined>
} = {
  require: {
    ...words(
      `exit with 1 unless this condition holds, such as "${REQUIREMENT_EXAMPLE}" or "lost == 0"; may be repeated; the manual page "ci" lists all conditions`,
    ),
    common: true,
    member: 'require',
    valueIn: parseRequire,
    print: (value) => value,
  },
  'stop-on-violation': {
    ...ifTyped(
      flag(
        'stop recording at the first violation of linearizability (for a model without linearizability: of its strongest level); without --expect, require this level',
      ),
    ),
    member: 'stopOnViolation',
  },
  'check-timeout': ifTyped(asDuration(runMembers.checkMs, { member: 'checkMs' })),
}

/** Returns a run that expects the level `linearizable`, if the run stops at violations and names no level. */
export const withImpliedLevel = (draft: RunDraft): RunDraft =>
  draft.stopOnViolation === true ? { ...draft, expect: draft.expect ?? ('linearizable' satisfies Level) } : draft

function parseRequire(options: ParsedOptions): readonly string[] | undefined {
  const typed = textsOf(options, 'require')
  for (const text of typed) parseRequirement(text, '--require')
  return typed.length === 0 ? undefined : typed
}
