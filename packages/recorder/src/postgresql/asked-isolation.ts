import type { Token } from './sql-tokens.ts'

export interface AskedIsolation {
  /** Undefined for that of the server. */
  readonly level: string | undefined
  /** Whether it is for all transactions of the session from then on. */
  readonly isForSession: boolean
}

const LEVELS = /\b(serializable|repeatable read|read committed|read uncommitted)\b/

/**
 * Of BEGIN ISOLATION LEVEL, SET TRANSACTION, SET SESSION CHARACTERISTICS, SET default_transaction_isolation, and RESET and
 * DISCARD ALL, by which a pool takes that back.
 */
export function isolationOf(tokens: readonly Token[]): AskedIsolation | undefined {
  const [first] = tokens
  if (first?.kind !== 'word' || !ASKING.includes(first.text)) return undefined
  const text = tokens.map((token) => token.text.toLowerCase()).join(' ')
  if (RESETTING.test(text)) return { level: undefined, isForSession: true }
  if (!/isolation/.test(text)) return undefined
  const level = LEVELS.exec(text)?.[1]
  return level === undefined ? undefined : { level, isForSession: /characteristics|default_transaction/.test(text) }
}

const ASKING: readonly string[] = ['begin', 'start', 'set', 'reset', 'discard']
const RESETTING =
  /^(?:reset|discard) all$|^reset default_transaction_isolation$|default_transaction_isolation (?:to|=) default$/

/** Of the parameters with which a connection starts: one of its own, or among the options of PGOPTIONS. */
export const isolationIn = (parameters: ReadonlyMap<string, string>): string | undefined =>
  (
    parameters.get('default_transaction_isolation') ??
    /default_transaction_isolation=((?:\\.|\S)+)/.exec(parameters.get('options') ?? '')?.[1]?.replace(/\\(.)/g, '$1')
  )?.toLowerCase()
