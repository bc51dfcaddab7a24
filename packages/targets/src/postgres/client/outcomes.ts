import type { Completion, ErrorMeaning } from '@chaosproxy/history'
import { judgeNotices, judgeReport } from '@chaosproxy/recorder/postgresql'
import { reportText } from '@chaosproxy/wire/postgresql'
import type { QueryEnd } from './connection.ts'

/** The outcome of a change, as far as it is certain. */
export type Certainty = ErrorMeaning['means']

/** For a connection that ends without a reply. */
export const LOST: Certainty = 'info'

/** How the command ended: `done`, or the outcome of a change and why. */
export type Judged =
  | { readonly type: 'done'; readonly rows: readonly (readonly (string | null)[])[]; readonly tag: string }
  | { readonly type: Certainty; readonly error: string }

export function judgeEnd(end: QueryEnd): Judged {
  switch (end.type) {
    case 'done': {
      const noticed = judgeNotices(end.notices)
      return noticed ?? { type: 'done', rows: end.rows, tag: end.tag }
    }
    case 'refused':
      return { type: judgeReport(end.report, end.carriedOut), error: reportText(end.report) }
    case 'lost':
      return judgeNotices(end.notices) ?? { type: LOST, error: end.why }
  }
}

/** A failed read has no effect, whatever happened to it. */
export const completionOf = (
  { type, error, answered }: { readonly type: Certainty; readonly error: string; readonly answered?: true | undefined },
  harmless: boolean,
): Completion => (answered === true ? { type: 'fail', error, answered } : { type: harmless ? 'fail' : type, error })
