import { type Header, isObject, type Json } from '@chaosproxy/history'

/** The servers in which all nodes of a simulated program keep their data. */
export interface SharedDatabase {
  readonly hosts: readonly string[]
  /** Why clients were answered wrongly, if what happened in them shows it. */
  readonly told: DatabaseTold | undefined
}

interface DatabaseTold {
  readonly cause: string
  readonly remedy: string
}

/** What was observed in the servers of a run. */
export interface ObservedDatabase extends Pick<SharedDatabase, 'hosts'> {
  /** Most telling first, each with the requests that it is about, as steps name them. */
  readonly stories: readonly (DatabaseTold & { readonly requests: readonly string[] })[]
}

/** The member of a history's header that keeps it. */
const MEMBER = 'database'

export const databaseMember = (database: SharedDatabase | undefined): { readonly [member: string]: Json } =>
  database === undefined ? {} : { [MEMBER]: JSON.parse(JSON.stringify(database)) as Json }

/** Undefined if a history's header tells of none, or in another form. */
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
