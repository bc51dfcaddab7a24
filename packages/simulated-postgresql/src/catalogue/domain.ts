import type { Compiled, SessionFacts } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import type { Node } from '../sql/nodes.ts'
import type { TextContext } from '../types/registry.ts'
import type { SqlType, SqlValue } from '../types/value.ts'

/** A domain as CREATE DOMAIN and later ALTER DOMAIN statements defined it. */
export interface DomainDefinition {
  readonly name: string
  readonly of: SqlType
  default: Node | undefined
  isNotNull: boolean
  /** The CHECK constraints in the order of their names. */
  checks: readonly DomainCheck[]
}

export interface DomainCheck {
  readonly name: string
  /** The compiled CHECK condition. It expects a row that contains only the checked value. */
  readonly condition: Compiled
  readonly validated: boolean
}

export type Domains = ReadonlyMap<number, DomainDefinition>

/** Returns a domain and the domains that it is based on. Base domains come first. */
function lineOf(domains: Domains, oid: number): readonly DomainDefinition[] {
  const domain = domains.get(oid)
  if (domain === undefined) return []
  return [...(domain.of.domain === undefined ? [] : lineOf(domains, domain.of.domain)), domain]
}

/** Returns the default of a domain or of its nearest base domain. */
export function defaultOf(domains: Domains, oid: number): Node | undefined {
  return lineOf(domains, oid).findLast((each) => each.default !== undefined)?.default
}

export const fulfils = (check: DomainCheck, value: SqlValue, session: TextContext): boolean =>
  check.condition.evaluate({ row: [value], parameters: [], session: session as SessionFacts }) !== false

export function checkValue(domains: Domains, oid: number, value: SqlValue, session: TextContext): void {
  const line = lineOf(domains, oid)
  const name = line.at(-1)?.name ?? ''
  if (value === null && line.some((each) => each.isNotNull))
    throw new SqlError('23502', `domain ${name} does not allow null values`, { schema: 'public', dataType: name })
  for (const { checks } of line)
    for (const check of checks)
      if (!fulfils(check, value, session))
        throw new SqlError('23514', `value for domain ${name} violates check constraint "${check.name}"`, {
          ...{ schema: 'public', dataType: name, constraint: check.name },
        })
}
