import { flagOf, type ParsedOptions } from '../command.ts'
import { flag } from './declare.ts'

export const keyedFlag: ReturnType<typeof flag> = flag(
  "values are pairs of a key and a value, as in Jepsen's independent tests [default: detected in EDN]",
)

/** Undefined if neither `--keyed` nor `--no-keyed` was typed. */
export const keyedIn = (options: ParsedOptions): boolean | undefined =>
  options['keyed'] === undefined ? undefined : flagOf(options, 'keyed')
