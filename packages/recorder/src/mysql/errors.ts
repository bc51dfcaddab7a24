import type { ErrorMeaning } from '@chaosproxy/history'
import { fail, info } from '../record/error-meanings.ts'

/**
 * The outcomes of failed changes, by error number of MySQL or MariaDB (https://mariadb.com/kb/en/mariadb-error-codes/).
 * Other errors are uncertain.
 */
export const errorOutcomes: readonly ErrorMeaning[] = [
  fail(['1213', '1020', '1205'], 'a conflict, a deadlock or a lock that was not free: rolled back'),
  fail(['1290', '1792', '1836'], 'the server or the transaction is read-only'),
  fail('1047', 'a node of Galera that is not in the majority takes no commands'),
  fail(['1040', '1203', '1045', '1044', '1049'], 'the session or the database was refused'),
  fail(
    ['1062', '1048', '1064', '1054', '1146', '1243', '1264', '1364', '1406', '3140', '4025'],
    'the command was refused',
  ),
  info(['1180', '1105'], 'the commit failed, and the server does not say at which step'),
  info(['1053', '1317', '1927', '1928'], 'the session was ended, perhaps during its commit'),
]

/** Returns the outcome of a change that was answered by this error; `info` for an error that is not listed. */
export const judgeError = (code: number | string): ErrorMeaning['means'] =>
  errorOutcomes.find(({ texts: codes }) => codes.includes(String(code)))?.means ?? 'info'

/** Returns the outcome of a COMMIT answered by an error. Only a deadlock proves that nothing was committed. */
export const judgeCommit = (code: string): ErrorMeaning['means'] => (code === DEADLOCK ? 'fail' : 'info')

/** A deadlock rolls back the whole transaction. */
export const DEADLOCK = '1213'

/** Errors that roll back only their statement. Other errors may have rolled back the transaction. */
export const STATEMENT_ONLY: ReadonlySet<number> = new Set([
  ...[1048, 1054, 1062, 1064, 1136, 1146, 1243, 1264, 1292, 1364, 1365, 1366, 1406, 1451, 1452, 1690, 3819, 4025],
])
