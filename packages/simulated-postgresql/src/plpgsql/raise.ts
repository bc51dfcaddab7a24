import { NotSupported, SqlError } from '../sql/error.ts'
import { conditionCode } from './conditions.ts'

export interface Raised {
  readonly level: number
  readonly condition: string | undefined
  readonly message: string | undefined
  readonly texts: readonly (string | null)[]
  readonly options: readonly { readonly option: number; readonly text: string | null }[]
}

/** Levels of elog.h. */
const SEVERITIES: ReadonlyMap<number, 'INFO' | 'NOTICE' | 'WARNING'> = new Map([
  [17, 'INFO'],
  [18, 'NOTICE'],
  [19, 'WARNING'],
])
const ERROR = 21

/** Options of PLpgSQL_raise_option_type. */
const OPTIONS = ['code', 'message', 'detail', 'hint', 'column', 'constraint', 'dataType', 'table', 'schema'] as const

interface Listener {
  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', code: string, message: string): void
}

/** Executes RAISE: throws the error or reports the notice. A RAISE without parameters throws `handled` again. */
export function raised(raise: Raised, handled: SqlError | undefined, listener: Listener): void {
  const { level, condition, message, options } = raise
  if (condition === undefined && message === undefined && options.length === 0) {
    if (handled !== undefined) throw handled
    throw new SqlError('0Z002', 'RAISE without parameters cannot be used outside an exception handler')
  }
  const option = (wanted: (typeof OPTIONS)[number]): string | undefined => {
    const found = options.find((each) => OPTIONS[each.option] === wanted)
    if (found?.text === null) throw new SqlError('22004', 'RAISE statement option cannot be null')
    return found?.text
  }
  const named = option('code') ?? condition
  const code = named === undefined ? defaultCode(level) : conditionCode(named)
  if (code === undefined) throw new NotSupported(`the condition ${named} in PL/pgSQL`)
  const text = option('message') ?? (message === undefined ? (condition ?? code) : formatted(message, raise.texts))
  if (level >= ERROR) {
    const fields = OPTIONS.slice(2).map((name) => [name, option(name)])
    throw new SqlError(code, text, Object.fromEntries(fields.filter(([, value]) => value !== undefined)))
  }
  const severity = SEVERITIES.get(level)
  if (severity !== undefined) listener.notice(severity, code, text)
}

function defaultCode(level: number): string {
  if (level >= ERROR) return 'P0001'
  return SEVERITIES.get(level) === 'WARNING' ? '01000' : '00000'
}

function formatted(message: string, texts: readonly (string | null)[]): string {
  let next = 0
  const text = message.replace(/%%|%/g, (found) => {
    if (found === '%%') return '%'
    if (next >= texts.length) throw new SqlError('42601', 'too few parameters specified for RAISE')
    return texts[next++] ?? '<NULL>'
  })
  if (next < texts.length) throw new SqlError('42601', 'too many parameters specified for RAISE')
  return text
}
