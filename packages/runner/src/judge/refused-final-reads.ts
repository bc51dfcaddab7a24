import { FLAG_FINAL, type History, OK } from '@chaosproxy/history'

/** Matches the refusal of a server that does not know the client or denies it access. */
const REFUSED = /^status (401|403)\b/

export const isRefusal = (error: string): boolean => REFUSED.test(error)

/** Returns a complaint about keys whose final state is unknown because all final reads lacked credentials. */
export function refusedFinalReads(history: History): string[] {
  const { key, flags, outcome, length } = history.operations
  const read = new Set<number>()
  const refused = new Map<number, string>()
  for (let row = 0; row < length; row++) {
    if (((flags[row] ?? 0) & FLAG_FINAL) === 0) continue
    if (outcome[row] === OK) read.add(key[row] ?? -1)
    const [, status] = outcome[row] === OK ? [] : (REFUSED.exec(history.errorOf(row) ?? '') ?? [])
    if (status !== undefined) refused.set(key[row] ?? -1, status)
  }
  for (const each of read) refused.delete(each)
  const [status] = refused.values()
  if (status === undefined) return []
  const keys = refused.size === 1 ? '1 key' : `${refused.size} keys`
  return [
    `the final reads of ${keys} were refused with status ${status}, since they carry none of the clients' credentials. Add the credentials to the route table: "sends": {"header.Authorization": "Bearer …"}`,
  ]
}
