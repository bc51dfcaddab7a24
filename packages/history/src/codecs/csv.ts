import type { Json } from '../event/event.ts'
import { EventError } from '../event/rules.ts'
import type { ChunkReader } from '../event/sink.ts'
import { EventRows } from './event-rows.ts'
import { exactNumber } from './exact-number.ts'
import { parseUniqueJson } from './json-text.ts'
import { isComment } from './left-out.ts'
import { LinesReader, type LineTaker, Unfinished } from './lines-reader.ts'
import { callOf } from './operation-members.ts'
import { OperationRows, type RowsOptions } from './operation-rows.ts'
import { OtherTimes } from './other-times.ts'
import { type Mapping, type Members, Roles } from './roles.ts'

const SEPARATORS = [',', '\t', ';', '|'] as const

/**
 * Returns the separator, if the text is a table. The header of a table must name the function, and at least one of
 * these: a client, a type, a call, a time.
 */
export function separatorOf(content: string, mapping?: Mapping): string | undefined {
  const header = content.split('\n').find((line) => line.trim() !== '' && !isComment(line)) ?? ''
  return SEPARATORS.find((separator) => {
    const names = cellsOf(header.replace(/\r$/, ''), separator)
    if (names.length < 3 || !names.every((name) => /^[\w@][\w .@()-]*\??$/.test(name))) return false
    const roles = new Roles(mapping)
    const members = Object.fromEntries(names.map((name) => [name, null]))
    const has = (role: 'f' | 'process' | 'type' | 'call' | 'time'): boolean => roles.found(members, role) !== undefined
    // If `--map` names a member for the function and the header lacks this member, the text still counts as a table.
    // The reader then explains what is wrong.
    return (has('f') || mapping?.f !== undefined) && (has('process') || has('type') || has('call') || has('time'))
  })
}

/**
 * Reads tables. The first line contains the names of the members. A line with two times is an operation, and any other
 * line is an event.
 */
export function csvReader(options: RowsOptions): ChunkReader {
  let separator = ','
  let names: readonly string[] | undefined
  let rows: Rows
  return new LinesReader(options, {
    take(text, line) {
      if (names === undefined && isComment(text)) return
      if (names === undefined) separator = separatorOf(text, options.mapping) ?? separator
      const cells = isComment(text) && !isRow(text, separator, names?.length) ? [] : cellsOf(text, separator)
      if (names === undefined) {
        names = cells
        rows = rowsOf(options, Object.fromEntries(names.map((name) => [name, null])))
        return
      }
      if (cells.length === 0) {
        rows.leaveOut(line, text)
        return
      }
      if (cells.length !== names.length)
        throw new (cells.length < names.length ? Unfinished : EventError)(
          `this line has ${cells.length} cells, and the header names ${names.length}. Quote cells that contain ${JSON.stringify(separator)}.`,
        )
      const members: { [name: string]: Json } = {}
      for (const [n, name] of names.entries()) {
        const value = cellValue(cells[n] ?? '')
        if (value !== undefined) members[name] = value
      }
      rows.take(members, line)
    },
    end: () => rows?.end(),
    get held() {
      return rows?.held
    },
  })
}

type Rows = Pick<OperationRows, 'take' | 'leaveOut' | 'end'> & Pick<LineTaker, 'held'>

function rowsOf(options: RowsOptions, header: Members): Rows {
  const { roles } = options
  const isOperations =
    callOf(header, roles) !== undefined &&
    (roles.found(header, 'returned') ?? roles.found(header, 'took')) !== undefined
  return isOperations ? new OperationRows(options) : eventRows(options)
}

function eventRows(options: RowsOptions): Rows {
  const rows = new EventRows(options)
  const times = new OtherTimes(options)
  let read = 0
  return {
    take: (members, line) => {
      const event = rows.event(members, line)
      if (event === undefined) return
      read += 1
      options.sink.event(times.timed(event), line)
    },
    leaveOut: (line, text) => rows.leaveOut(line, text),
    end: () => rows.end(read),
  }
}

/** Whether a line that begins like a comment is a row, because it has as many cells as a row. */
const isRow = (text: string, separator: string, columns: number | undefined): boolean =>
  text.split(separator).length === columns

/** The cells of a line. A quoted cell may contain separators and doubled quotes. */
function cellsOf(line: string, separator: string): readonly string[] {
  const cells: string[] = []
  let at = 0
  while (at <= line.length) {
    if (line[at] === '"') {
      let text = ''
      let from = at + 1
      for (;;) {
        const quote = line.indexOf('"', from)
        if (quote < 0) throw new EventError('a quoted cell does not end on this line. Write \\n for line ends in it.')
        text += line.slice(from, quote)
        if (line[quote + 1] !== '"') {
          at = quote + 1
          break
        }
        text += '"'
        from = quote + 2
      }
      cells.push(text)
      if (at < line.length && line[at] !== separator)
        throw new EventError('text follows a quoted cell. Double the quotes that are part of it.')
      at += 1
      continue
    }
    const next = line.indexOf(separator, at)
    const end = next < 0 ? line.length : next
    cells.push(line.slice(at, end).trim())
    at = end + 1
  }
  return cells
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const NOTHING = /^(?:null|nil|none|nan)$/i

/** The value of a cell, with lists and objects as JSON. Undefined if empty. */
function cellValue(cell: string): Json | undefined {
  if (cell === '') return undefined
  if (NOTHING.test(cell)) return null
  if (/^(?:true|false)$/i.test(cell)) return cell.toLowerCase() === 'true'
  if (NUMBER.test(cell)) return exactNumber(cell)
  if (!/^[[{]/.test(cell)) return cell
  try {
    return parseUniqueJson(cell)
  } catch (error) {
    if (error instanceof EventError) throw error
    return cell
  }
}
