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
const [INFO, NOTICE, WARNING] = [17, 18, 19]
const ERROR = 21
/** Options of PLpgSQL_raise_option_type. */
const [ERRCODE, MESSAGE, DETAIL, HINT, COLUMN, CONSTRAINT, DATATYPE, TABLE, SCHEMA] = [0, 1, 2, 3, 4, 5, 6, 7, 8]

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
  const option = (wanted: number): string | undefined => {
    const found = options.find((each) => each.option === wanted)
    if (found?.text === null) throw new SqlError('22004', 'RAISE statement option cannot be null')
    return found?.text
  }
  const named = option(ERRCODE) ?? condition
  const code = named === undefined ? defaultCode(level) : conditionCode(named)
  if (code === undefined) throw new NotSupported(`the condition ${named} in PL/pgSQL`)
  const text = option(MESSAGE) ?? (message === undefined ? (condition ?? code) : formatted(message, raise.texts))
  if (level >= ERROR) {
    const fields = {
      detail: option(DETAIL),
      hint: option(HINT),
      column: option(COLUMN),
      constraint: option(CONSTRAINT),
      dataType: option(DATATYPE),
      table: option(TABLE),
      schema: option(SCHEMA),
    }
    throw new SqlError(
      code,
      text,
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    )
  }
  if (level === WARNING) listener.notice('WARNING', code, text)
  else if (level === NOTICE) listener.notice('NOTICE', code, text)
  else if (level === INFO) listener.notice('INFO', code, text)
}

function defaultCode(level: number): string {
  if (level >= ERROR) return 'P0001'
  return level === WARNING ? '01000' : '00000'
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
