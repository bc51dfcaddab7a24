import { NotSupported, SqlError } from '../sql/error.ts'
import type { Node } from '../sql/nodes.ts'
import { isKnownFunction } from '../sql/undefined.ts'
import { CASTS, FUNCTIONS, OPERATORS } from './signatures.ts'

export interface FunctionSignature {
  readonly name: string
  readonly kind: 'f' | 'a' | 'w' | 'p'
  readonly volatility: 'i' | 's' | 'v'
  /** Whether a null argument makes the result null. The function is then not called. */
  readonly strict: boolean
  readonly returnsSet: boolean
  /** Whether the last argument is variadic: an array of any number of values. */
  readonly variadic: boolean
  /** The number of arguments at the end that a call may omit. */
  readonly defaults: number
  /** The default values; only for a user-defined function. */
  readonly defaultValues?: readonly Node[]
  /** The names of the arguments; only for a user-defined function. */
  readonly argumentNames?: readonly (string | undefined)[]
  /** The name of the implementation: pg_proc.prosrc, or the function's own name for SQL functions. */
  readonly source: string
  readonly result: number
  readonly arguments: readonly number[]
  readonly columns: readonly { readonly name: string; readonly oid: number }[]
}

/** A row of pg_operator; a unary operator has the left type 0. */
export interface OperatorSignature {
  readonly name: string
  readonly left: number
  readonly right: number
  readonly result: number
  readonly source: string
  readonly strict: boolean
}

export type CastContext = 'i' | 'a' | 'e'

export interface CastSignature {
  readonly source: number
  readonly target: number
  /** Whether the cast applies implicitly, in assignments, or only explicitly. */
  readonly context: CastContext
  /** The method: a function, the text form, or no change. */
  readonly method: 'f' | 'i' | 'b'
  readonly function: string
}

const numbersOf = (list: string): readonly number[] => (list === '' ? [] : list.split(',').map(Number))

function parseFunction(returned: string, entry: string): FunctionSignature {
  const [flags = '', result] = returned.split(',')
  const [name = '', parameters = '', source = ''] = entry.split(/[()]/)
  const [types = '', out = '', names = ''] = parameters.split('/')
  const columnNames = names.split(',')
  return {
    name,
    kind: flags[0] as FunctionSignature['kind'],
    volatility: flags[1] as FunctionSignature['volatility'],
    strict: flags[2] === 's',
    returnsSet: flags[3] === 'r',
    variadic: flags[4] === 'v',
    defaults: flags[5] === '-' ? 0 : Number(flags.slice(5)),
    source: source === '' ? name : source,
    result: Number(result),
    arguments: numbersOf(types),
    columns: numbersOf(out).map((oid, i) => ({ name: columnNames[i] ?? '', oid })),
  }
}

function parseOperator(name: string, entry: string): OperatorSignature {
  const [left, right, result, source = '', strict] = entry.split(',')
  return { name, left: Number(left), right: Number(right), result: Number(result), source, strict: strict === 's' }
}

function parseCast(source: string, entry: string): CastSignature {
  const [target, context, method, name = ''] = entry.split(',')
  return {
    source: Number(source),
    target: Number(target),
    context: context as CastContext,
    method: method as CastSignature['method'],
    function: name,
  }
}

/** Caches the rows of each name. */
function remembered<T>(find: (name: string) => readonly T[]): (name: string) => readonly T[] {
  const known = new Map<string, readonly T[]>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const rows = find(name)
    if (rows.length > 0) known.set(name, rows)
    return rows
  }
}

function entriesOf(lines: readonly string[], word: string): readonly string[] {
  const line = lines.find((each) => each.startsWith(`${word} `))
  return line === undefined ? [] : line.split(' ').slice(1)
}

const operatorLines = OPERATORS.split('\n')
const castLines = CASTS.split('\n')

export const functionsNamed: (name: string) => readonly FunctionSignature[] = remembered((name) => {
  const rows: FunctionSignature[] = []
  const start = ` ${name}(`
  for (let at = FUNCTIONS.indexOf(start); at !== -1; at = FUNCTIONS.indexOf(start, at + 1)) {
    const line = FUNCTIONS.lastIndexOf('\n', at) + 1
    const entry = FUNCTIONS.slice(at + 1)
    rows.push(parseFunction(FUNCTIONS.slice(line, FUNCTIONS.indexOf(' ', line)), entry.slice(0, entry.search(/\s/))))
  }
  // A name that contains a blank may also match text inside another entry.
  return rows.filter((row) => row.name === name)
})

/** Returns the error for a function that does not exist. The arguments do not matter. */
export function undefinedFunction(names: readonly string[]): Error {
  const name = names.at(-1) ?? ''
  return functionsNamed(name).length > 0 || isKnownFunction(name)
    ? new NotSupported(`a call of the function ${name} at this place`)
    : new SqlError('42883', `function ${names.join('.')}() does not exist`)
}

export const operatorsNamed: (name: string) => readonly OperatorSignature[] = remembered((name) =>
  entriesOf(operatorLines, name).map((entry) => parseOperator(name, entry)),
)

const castsFrom = remembered((source) => entriesOf(castLines, source).map((entry) => parseCast(source, entry)))

export function castBetween(source: number, target: number): CastSignature | undefined {
  return castsFrom(source.toString()).find((cast) => cast.target === target)
}
