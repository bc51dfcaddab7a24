import { type Header, isObject, type Json } from '@chaosproxy/history'

/** The database servers in which all nodes of a simulated program keep their data. */
export interface SharedDatabase {
  readonly hosts: readonly string[]
  /** Why clients got wrong answers; undefined if the events in the database servers do not show it. */
  readonly told: DatabaseTold | undefined
}

interface DatabaseTold {
  readonly cause: string
  readonly remedy: string
}

/** The events observed in the database servers of a run. */
export interface ObservedDatabase extends Pick<SharedDatabase, 'hosts'> {
  /**
   * Possible explanations, the most specific first. Each names the requests that it is about, as in `CodeStep.request`.
   */
  readonly stories: readonly (DatabaseTold & { readonly requests: readonly string[] })[]
}

/** The member of a history's header that contains the database. */
const MEMBER = 'database'

export const databaseMember = (database: SharedDatabase | undefined): { readonly [member: string]: Json } =>
  database === undefined ? {} : { [MEMBER]: JSON.parse(JSON.stringify(database)) as Json }

/** Returns the database in a history's header; undefined if the header contains no valid database. */
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
