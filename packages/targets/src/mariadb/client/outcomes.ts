import type { ErrorMeaning } from '@chaosproxy/history'
import type { Judged } from '../../sql/asked.ts'
import type { QueryEnd } from './connection.ts'
import { type ServerError, serverErrorText } from './packets.ts'

/**
 * What a server's error says about a command that changes something, by its number
 * (https://mariadb.com/kb/en/mariadb-error-codes/). One that is not listed is indefinite.
 */
export const errorOutcomes: readonly ErrorMeaning[] = [
  {
    says: ['1213', '1020', '1205'],
    means: 'fail',
    why: 'a conflict, a deadlock or a lock that was not free: rolled back',
  },
  { says: ['1290', '1792', '1836'], means: 'fail', why: 'the server, or the transaction, only reads' },
  { says: ['1047'], means: 'fail', why: 'a node of Galera that is not in the majority takes no commands' },
  { says: ['1040', '1203', '1045', '1044', '1049'], means: 'fail', why: 'the session or the database was refused' },
  {
    says: ['1062', '1048', '1064', '1054', '1146', '1264', '1364', '1406', '3140', '4025'],
    means: 'fail',
    why: 'the command was refused',
  },
  { says: ['1180', '1105'], means: 'info', why: 'the commit failed in a place that the server does not name' },
  { says: ['1053', '1317', '1927', '1928'], means: 'info', why: 'the session was ended, perhaps during its commit' },
]

/** @returns `info` for an error that is not listed. */
export const judgeError = ({ code }: Pick<ServerError, 'code'>): ErrorMeaning['means'] =>
  errorOutcomes.find(({ says }) => says.includes(String(code)))?.means ?? 'info'

export function judgeEnd(end: QueryEnd): Judged {
  switch (end.type) {
    case 'done':
      return end
    case 'refused':
      return { type: judgeError(end.error), error: serverErrorText(end.error) }
    case 'lost':
      return { type: 'info', error: end.why }
  }
}
