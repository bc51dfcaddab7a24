import type { Token } from './sql-tokens.ts'

/** A level of isolation that a statement asks for. */
export interface AskedIsolation {
  readonly level: string
  /** Whether it is for all transactions of the session from then on. */
  readonly isForSession: boolean
}

const LEVELS = /\b(serializable|repeatable read|read committed|read uncommitted)\b/

/** Of BEGIN ISOLATION LEVEL, SET TRANSACTION, SET SESSION CHARACTERISTICS and SET default_transaction_isolation. */
export function isolationOf(tokens: readonly Token[]): AskedIsolation | undefined {
  const [first] = tokens
  if (first?.kind !== 'word' || !['begin', 'start', 'set'].includes(first.text)) return undefined
  const text = tokens.map((token) => token.text.toLowerCase()).join(' ')
  if (!/isolation/.test(text)) return undefined
  const level = LEVELS.exec(text)?.[1]
  return level === undefined ? undefined : { level, isForSession: /characteristics|default_transaction/.test(text) }
}

/** Of the parameters with which a connection starts. */
export const isolationIn = (options: string | undefined): string | undefined =>
  /default_transaction_isolation=(\S+(?:\\ \S+)?)/
    .exec(options ?? '')?.[1]
    ?.replace('\\ ', ' ')
    .toLowerCase()
