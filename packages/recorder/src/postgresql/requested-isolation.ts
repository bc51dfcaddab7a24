import { type Token, textOf } from './sql-tokens.ts'

export interface RequestedIsolation {
  /** The requested level; undefined for the server's default. */
  readonly level: string | undefined
  /** Whether the level applies to all later transactions of the session. */
  readonly isForSession: boolean
}

const LEVELS = /\b(serializable|repeatable read|read committed|read uncommitted)\b/

/**
 * Returns the isolation level that a statement requests for its transaction or its session. RESET and DISCARD ALL, by
 * which connection pools reset a session, request the default level.
 */
export function isolationOf(tokens: readonly Token[]): RequestedIsolation | undefined {
  const [first] = tokens
  if (first?.kind !== 'word' || !ASKING.includes(first.text)) return undefined
  const text = textOf(tokens)
  if (RESETTING.test(text)) return { level: undefined, isForSession: true }
  if (!/isolation/.test(text)) return undefined
  const level = LEVELS.exec(text)?.[1]
  return level === undefined ? undefined : { level, isForSession: /characteristics|default_transaction/.test(text) }
}

const ASKING: readonly string[] = ['begin', 'start', 'set', 'reset', 'discard']
const RESETTING =
  /^(?:reset|discard) all$|^reset default_transaction_isolation$|default_transaction_isolation (?:to|=) default$/

/** The isolation level that the startup parameters set, either directly or in `options` (PGOPTIONS). */
export const isolationIn = (parameters: ReadonlyMap<string, string>): string | undefined =>
  (
    parameters.get('default_transaction_isolation') ??
    /default_transaction_isolation=((?:\\.|\S)+)/.exec(parameters.get('options') ?? '')?.[1]?.replace(/\\(.)/g, '$1')
  )?.toLowerCase()
