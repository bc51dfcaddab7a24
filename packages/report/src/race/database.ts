import { type Header, isObject, type Json } from '@chaosproxy/history'

/** The servers in which all nodes of a simulated program keep their data. */
export interface SharedDatabase {
  readonly hosts: readonly string[]
  /** The explanation of the clients' wrong answers; undefined if the servers' events do not explain them. */
  readonly told: DatabaseExplanation | undefined
}

interface DatabaseExplanation {
  readonly cause: string
  readonly remedy: string
}

/** What was observed in the database servers of a run. */
export interface ObservedDatabase extends Pick<SharedDatabase, 'hosts'> {
  /** Possible explanations, the most specific first. Each names the requests that it concerns. */
  readonly stories: readonly (DatabaseExplanation & { readonly requests: readonly string[] })[]
}

const MEMBER = 'database'

export const databaseMember = (database: SharedDatabase | undefined): { readonly [member: string]: Json } =>
  database === undefined ? {} : { [MEMBER]: JSON.parse(JSON.stringify(database)) as Json }

/** Returns the database in a history's header, if it is valid. */
export function databaseOfHeader(header: Header | undefined): SharedDatabase | undefined {
  const member = header?.extra?.[MEMBER]
  if (!isObject(member) || !Array.isArray(member['hosts'])) return undefined
  const { hosts, told } = member
  const [cause, remedy] = isObject(told) ? [told['cause'], told['remedy']] : []
  return {
    hosts: hosts.map(String),
    told: typeof cause === 'string' && typeof remedy === 'string' ? { cause, remedy } : undefined,
  }
}
