import { judgeNotices, judgeReport } from '@chaosproxy/recorder/postgresql'
import { rowsOf } from '@chaosproxy/wire/postgresql'
import type { Certainty, Done } from '../../sql/request.ts'
import type { QueryEnd } from './connection.ts'

/** The outcome of a command whose connection ended without a reply. */
const LOST: Certainty = 'info'

/** How a command ended. After an error, the type says whether the change may have happened. */
type Judged = (Done & { readonly tag: string }) | { readonly type: Certainty; readonly error: string }

export function judgeEnd(end: QueryEnd): Judged {
  switch (end.type) {
    case 'done': {
      const noticed = judgeNotices(end.notices)
      return noticed ?? { type: 'done', rows: end.rows, changed: rowsOf(end.tag), tag: end.tag }
    }
    case 'refused':
      return { type: judgeReport(end.report, end.carriedOut), error: end.why }
    case 'lost':
      return judgeNotices(end.notices) ?? { type: LOST, error: end.why }
  }
}
