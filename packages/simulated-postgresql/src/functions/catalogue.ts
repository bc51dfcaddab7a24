import { addTo } from '../lists.ts'
import { COMPARISONS } from '../sql/comparisons.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { linesOf } from '../sql/lines.ts'
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
  /** The name of the implementation: pg_proc.prosrc, the function's own name for SQL functions, '' for aggregates. */
  readonly source: string
  /** The oid of a user-defined function. */
  readonly routine?: number
  readonly result: number
  readonly arguments: readonly number[]
  readonly columns: readonly { readonly name: string; readonly oid: number }[]
}

/** The signature of the function that implements an operator. Its `name` is the operator's name. */
export type OperatorSignature = Pick<FunctionSignature, 'name' | 'strict' | 'source' | 'result' | 'arguments'>

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

function* parseFunctions(): Generator<FunctionSignature> {
  for (const group of FUNCTIONS.split('\n\n')) {
    const [[returned = ''] = [], ...lines] = linesOf(group)
    const shape = parseReturned(returned)
    for (const [list = '', ...words] of lines) {
      const taken = parseArguments(list)
      for (const word of words.flatMap(membersOf)) {
        const [name = '', source = shape.kind === 'a' ? '' : name] = word.replace(/(.+)=_/, '$1=$1_').split('=')
        yield { name, source, ...shape, ...taken }
      }
    }
  }
}

/** Returns the words for which `word` stands: one for each comparison if `word` contains `…`, otherwise only `word`. */
const membersOf = (word: string): readonly string[] =>
  word.includes('…') ? Array.from(COMPARISONS.values(), (comparison) => word.replaceAll('…', comparison)) : [word]

function parseReturned(returned: string) {
  const [flags = '', result] = returned.split(',')
  return {
    kind: flags[0] as FunctionSignature['kind'],
    volatility: flags[1] as FunctionSignature['volatility'],
    strict: flags.includes('s', 2),
    returnsSet: flags.includes('r'),
    variadic: flags.includes('v', 2),
    defaults: Number(flags.replace(/\D+/, '')),
    result: Number(result),
  }
}

function parseArguments(list: string): Pick<FunctionSignature, 'arguments' | 'columns'> {
  const [types = '', out = '', names = ''] = list.split('/')
  const columnNames = names.split(',')
  return {
    arguments: numbersOf(types),
    columns: numbersOf(out).map((oid, i) => ({ name: columnNames[i] ?? '', oid })),
  }
}

function* parseOperators(): Generator<OperatorSignature> {
  for (const [operator = '', ...words] of linesOf(OPERATORS))
    for (const [name, comparison] of operator === '…' ? COMPARISONS : [[operator, '']])
      for (const word of words) {
        const [functionName = '', source] = word.replaceAll('…', comparison).split('=')
        const found = functionsNamed(functionName).find((each) => source === undefined || each.source === source)
        if (found !== undefined) yield { ...found, name }
      }
}

function* parseCasts(): Generator<CastSignature> {
  for (const [shared = '', ...types] of linesOf(CASTS)) {
    const [context, by = ''] = shared.split(',')
    const method = by === 'b' || by === 'i' ? by : 'f'
    const shape = { context: context as CastContext, method, function: method === 'f' ? by : '' } as const
    const at = types.indexOf('/')
    for (const source of types.slice(at + 1).map(Number))
      for (const target of types.slice(0, at).map(Number)) yield { source, target, ...shape }
  }
}

/** Returns a function that finds rows by a key. The rows are parsed at its first call. */
function lookup<K, Row>(parse: () => Iterable<Row>, keyOf: (row: Row) => K): (key: K) => readonly Row[] {
  let known: Map<K, Row[]> | undefined
  return (key) => {
    if (known === undefined) {
      known = new Map()
      for (const row of parse()) addTo(known, keyOf(row), row)
    }
    return known.get(key) ?? []
  }
}

export const functionsNamed: (name: string) => readonly FunctionSignature[] = lookup(parseFunctions, ({ name }) => name)

/** Returns the error for a function that does not exist. The arguments do not matter. */
export function undefinedFunction(names: readonly string[]): Error {
  const name = names.at(-1) ?? ''
  return functionsNamed(name).length > 0 || isKnownFunction(name)
    ? new NotSupported(`a call of the function ${name} at this place`)
    : new SqlError('42883', `function ${names.join('.')}() does not exist`)
}

export const operatorsNamed: (name: string) => readonly OperatorSignature[] = lookup(parseOperators, ({ name }) => name)

const castsFrom = lookup(parseCasts, ({ source }) => source)

export function castBetween(source: number, target: number): CastSignature | undefined {
  return castsFrom(source).find((cast) => cast.target === target)
}
