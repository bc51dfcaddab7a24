import { ARITHMETIC } from './arithmetic.ts'
import type { Builtin } from './builtin.ts'
import { CASTS_BY_FUNCTION } from './casts.ts'
import { PATTERNS } from './patterns.ts'

const ALL: ReadonlyMap<string, Builtin> = new Map(
  [ARITHMETIC, CASTS_BY_FUNCTION, PATTERNS].flatMap((family) => Object.entries(family)),
)

/** The implementation by the name in pg_proc.prosrc; undefined for a function that is not simulated. */
export function builtin(source: string): Builtin | undefined {
  return ALL.get(source)
}
