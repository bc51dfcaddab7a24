import type { Compiled, SessionFacts } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import type { Node } from '../sql/nodes.ts'
import type { TextContext } from '../types/registry.ts'
import type { SqlType, SqlValue } from '../types/value.ts'

/** What CREATE DOMAIN said, as ALTER DOMAIN left it. */
export interface DomainDefinition {
  readonly name: string
  readonly of: SqlType
  default: Node | undefined
  isNotNull: boolean
  /** In the order of their names. */
  checks: readonly DomainCheck[]
}

export interface DomainCheck {
  readonly name: string
  /** Over a row of one value, VALUE. */
  readonly condition: Compiled
  readonly validated: boolean
}

export type Domains = ReadonlyMap<number, DomainDefinition>

/** A domain and those that it is based on, the innermost first. */
function lineOf(domains: Domains, oid: number): readonly DomainDefinition[] {
  const domain = domains.get(oid)
  if (domain === undefined) return []
  return [...(domain.of.domain === undefined ? [] : lineOf(domains, domain.of.domain)), domain]
}

/** The default of a domain, its own or that of what it is based on. */
export function defaultOf(domains: Domains, oid: number): Node | undefined {
  return lineOf(domains, oid).findLast((each) => each.default !== undefined)?.default
}

export const fulfils = (check: DomainCheck, value: SqlValue, session: TextContext): boolean =>
  check.condition.evaluate({ row: [value], parameters: [], session: session as SessionFacts }) !== false

/** Throws for a value that a domain does not have. */
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
