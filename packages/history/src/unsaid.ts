import type { Columns } from './columns.ts'
import type { EventInput } from './event.ts'
import { FLAG_UNSAID, FLAG_VERSION, OK } from './history-columns.ts'

/** The flags of an invocation whose value only its completion has; `"unsaid":"version"` says that it is a version. */
export const unsaidFlags = ({ value, extra }: EventInput): number =>
  extra?.['unsaid'] === 'version' ? FLAG_UNSAID | FLAG_VERSION : value === undefined ? FLAG_UNSAID : 0

/** Completes the inputs that lack a version by the answers that have it. */
export function fillInVersions({ length, flags, outcome, input, output }: Columns): void {
  for (let row = 0; row < length; row++)
    if (((flags[row] ?? 0) & FLAG_VERSION) !== 0 && outcome[row] === OK) input[row] = output[row] ?? 0
}
