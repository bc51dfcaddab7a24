import { ARITHMETIC } from './arithmetic.ts'
import { ARRAYS } from './arrays.ts'
import { BITS } from './bits.ts'
import type { Builtin } from './builtin.ts'
import { CASTS_BY_FUNCTION } from './casts.ts'
import { EXTRACT } from './extract.ts'
import { HASHES } from './hash.ts'
import { JSON_FUNCTIONS } from './json.ts'
import { MOMENTS } from './moments.ts'
import { PATTERNS } from './patterns.ts'
import { RANGES } from './ranges.ts'
import { SHA } from './sha.ts'
import { SYSTEM } from './system.ts'
import { TEXT } from './text.ts'
import { TO_CHAR } from './to-char.ts'

const ALL: ReadonlyMap<string, Builtin> = new Map(
  [
    ARITHMETIC,
    CASTS_BY_FUNCTION,
    TEXT,
    PATTERNS,
    MOMENTS,
    EXTRACT,
    ARRAYS,
    JSON_FUNCTIONS,
    HASHES,
    SHA,
    BITS,
    RANGES,
    SYSTEM,
    TO_CHAR,
  ].flatMap((family) => Object.entries(family)),
)

export function builtin(source: string): Builtin | undefined {
  return ALL.get(source)
}
