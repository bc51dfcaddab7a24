import { measures, PROBE_EXAMPLES, parseRequirement, REQUIREMENT_EXAMPLE } from '@chaosproxy/runner/result'
import { type ParsedOptions, textsOf } from '../command.ts'
import { flag, words } from './declare.ts'
import type { Option } from './option.ts'

export const requireOption: { readonly require: Option<readonly string[] | undefined> } = {
  require: {
    ...words(
      `exit with 1 unless this holds, any number of times: "${REQUIREMENT_EXAMPLE}", "p99 of read < 200ms", "lost == 0"; of ${measures.map(({ name }) => name).join(', ')}; a level: "linearizable of read during healed"; or a probe: "${PROBE_EXAMPLES[0]}", '${PROBE_EXAMPLES[1]}'`,
    ),
    valueIn: parseRequire,
  },
}

/** Of every command that records what real clients do. */
export const stopOption: { readonly 'stop-on-violation': Option<boolean> } = {
  'stop-on-violation': flag(
    'end as soon as it is certain, while recording, that the history is not linearizable; implies --expect linearizable',
  ),
}

/**
 * The requirements as typed; undefined if there are none.
 *
 * @throws UserError (usage) if one cannot be read.
 */
export function parseRequire(options: ParsedOptions): readonly string[] | undefined {
  const typed = textsOf(options, 'require')
  for (const text of typed) parseRequirement(text, '--require')
  return typed.length === 0 ? undefined : typed
}
