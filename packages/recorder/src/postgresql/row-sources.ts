import { AFTER_CONDITIONS, isSelect, type NamedTable, type RowReader } from './row-reader.ts'
import type { Token } from './sql-tokens.ts'

const JOINING = ['natural', 'inner', 'left', 'right', 'full', 'cross', 'join', 'on', 'using']

/** A recorded table in the FROM of a SELECT. `isLinked`: the rows of another one name its rows by their primary key. */
export interface Source extends NamedTable {
  readonly isLinked: boolean
}

/** The FROM of a SELECT: its recorded tables, alone or joined with others. */
export interface Sources {
  readonly recorded: readonly Source[]
  readonly isJoined: boolean
}

/** Reads a FROM, up to the WHERE or what follows it. Undefined if no table of it is recorded, or it is not understood. */
export function takeSources(reader: RowReader): Sources | undefined {
  const recorded: Source[] = []
  let tables = 0
  let isMerged = false
  do {
    reader.takeWord('only')
    if (reader.isWordOf(['lateral']) || reader.isSymbol('(')) return undefined
    const named = reader.takeTable()
    tables++
    const isNext = reader.isAtEnd || reader.isSymbol(',') || reader.isWordOf([...JOINING, 'where', ...AFTER_CONDITIONS])
    if (!isNext) return undefined
    const start = reader.at
    reader.skipTo(['join', 'where', ...AFTER_CONDITIONS], ',')
    const joining = reader.tokensFrom(start)
    if (joining.some(isSelect)) return undefined
    isMerged ||= joining.some(({ text }) => text === 'using' || text === 'natural')
    if (named !== undefined) recorded.push({ ...named, isLinked: isByKey(joining, named, recorded) })
  } while (reader.takeWord('join') || reader.takeSymbol(','))
  // A column that two tables share is of neither.
  return recorded.length === 0 || (recorded.length > 1 && isMerged) ? undefined : { recorded, isJoined: tables > 1 }
}

/** Whether an ON finds rows of a table by its primary key in another recorded one: `ON o.id = a.owner`. */
function isByKey(joining: readonly Token[], source: NamedTable, earlier: readonly NamedTable[]): boolean {
  const words = joining.flatMap(({ text }) => (text === '(' || text === ')' ? [] : [text]))
  const [on, one, dot, column, equals, other, , otherColumn] = words
  const isEnd = words.slice(8).every((word) => JOINING.includes(word) || word === 'outer')
  if (on !== 'on' || dot !== '.' || equals !== '=' || otherColumn === undefined || !isEnd) return false
  const nameOf = ({ table, alias }: NamedTable): string => alias ?? table.name
  const isEarlier = (name: string | undefined): boolean => earlier.some((each) => nameOf(each) === name)
  return one === nameOf(source)
    ? column === source.table.key && isEarlier(other)
    : other === nameOf(source) && otherColumn === source.table.key && isEarlier(one)
}
