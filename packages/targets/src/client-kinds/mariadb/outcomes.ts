import { judgeError } from '@chaosproxy/recorder/mysql'
import type { Judged } from '../../sql/request.ts'
import type { QueryEnd } from './connection.ts'

export function judgeEnd(end: QueryEnd): Judged {
  switch (end.type) {
    case 'done':
      return end
    case 'refused':
      return { type: judgeError(end.error.code), error: end.why }
    case 'lost':
      return { type: 'info', error: end.why }
  }
}
