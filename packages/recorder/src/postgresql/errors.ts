import type { ErrorMeaning } from '@chaosproxy/history'
import type { ServerReport } from '@chaosproxy/wire/postgresql'
import { fail, info } from '../record/error-meanings.ts'

type Certainty = ErrorMeaning['means']

/**
 * The outcomes of failed changes, by SQLSTATE or its class. The first match applies. They are certain if the error ends
 * the transaction before its commit.
 */
export const errorOutcomes: readonly ErrorMeaning[] = [
  info('40003', 'the server itself does not know whether the command was completed'),
  fail('40', 'the transaction was rolled back: a conflict, or a deadlock'),
  fail('25006', 'a standby, or a session that only reads: nothing was written'),
  fail('57014', 'cancelled while it was carried out: rolled back'),
  fail('57P01', 'the session was ended while the command was carried out: rolled back'),
  fail(['57P03', '57P04', '57P05'], 'the server takes no commands now'),
  info('57P02', 'another process crashed: the commit may be on disk'),
  info(['58', 'XX', 'F0'], 'the disk or the server is broken: the commit may be on disk'),
  info('08', 'the connection failed'),
  fail(
    ['0A', '21', '22', '23', '25', '26', '28', '34', '3D', '3F', '42', '44', '53', '54', '55', 'P0'],
    'the command was refused, and its transaction rolled back',
  ),
]

/**
 * The notices that make the outcome of a successful commit uncertain. The primary has the commit on its disk, but the
 * standbys may lack it.
 */
export const noticeOutcomes: readonly ErrorMeaning[] = [
  info('canceling wait for synchronous replication', 'committed on the primary, but perhaps not on the standbys'),
  info(
    'canceling the wait for synchronous replication',
    'committed on the primary, but perhaps not on the standbys; the session was ended',
  ),
]

/** @param carriedOut Whether the command succeeded and only its commit was refused. */
export function judgeReport({ severity, code }: ServerReport, carriedOut: boolean): Certainty {
  if (severity === 'PANIC') return 'info'
  const found = errorOutcomes.find(({ texts: codes }) => codes.some((each) => code.startsWith(each)))
  if (found === undefined) return 'info'
  // If a commit fails, only a conflict or a broken constraint proves that nothing was committed.
  return carriedOut && !code.startsWith('40') && !code.startsWith('23') ? 'info' : found.means
}

/** Returns the outcome of a successful command, if its notices make the success uncertain. */
export function judgeNotices(
  notices: readonly ServerReport[],
): { readonly type: Certainty; readonly error: string } | undefined {
  for (const notice of notices) {
    const found = noticeOutcomes.find(({ texts: beginnings }) =>
      beginnings.some((each) => notice.message.startsWith(each)),
    )
    if (found !== undefined) return { type: found.means, error: notice.message }
  }
  return undefined
}
