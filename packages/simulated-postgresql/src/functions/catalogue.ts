import { CASTS, FUNCTIONS, OPERATORS } from './signatures.ts'

/** A row of pg_proc. */
export interface FunctionSignature {
  readonly name: string
  readonly oid: number
  readonly kind: 'f' | 'a' | 'w' | 'p'
  readonly volatility: 'i' | 's' | 'v'
  /** The result is null if an argument is, without a call. */
  readonly strict: boolean
  readonly returnsSet: boolean
  /** The last argument is an array of any number of values. */
  readonly variadic: boolean
  /** Arguments at the end that may be left out. */
  readonly defaults: number
  /** The name of the implementation: pg_proc.prosrc, or the function's own for those in SQL. */
  readonly source: string
  readonly result: number
  readonly arguments: readonly number[]
  /** The columns of a function that returns rows. */
  readonly columns: readonly { readonly name: string; readonly oid: number }[]
}

/** A row of pg_operator; an operator of one argument has the left type 0. */
export interface OperatorSignature {
  readonly name: string
  readonly left: number
  readonly right: number
  readonly result: number
  readonly source: string
  readonly strict: boolean
}

export type CastContext = 'i' | 'a' | 'e'

/** A row of pg_cast. */
export interface CastSignature {
  readonly source: number
  readonly target: number
  /** Implicit, in assignments, or only where written. */
  readonly context: CastContext
  /** By a function, by the text form, or without a change. */
  readonly method: 'f' | 'i' | 'b'
  readonly function: string
}

function numbersOf(list: string): readonly number[] {
  return list === '-' ? [] : list.split(',').map(Number)
}

function parseFunction(line: string): FunctionSignature {
  const [name = '', oid = '', flags = '', source = '', result = '', parameters = '-', columns] = line.split(' ')
  const [types = '', names = ''] = columns?.split('/') ?? []
  const columnNames = names.split(',')
  return {
    name,
    oid: Number(oid),
    kind: flags[0] as FunctionSignature['kind'],
    volatility: flags[1] as FunctionSignature['volatility'],
    strict: flags[2] === 's',
    returnsSet: flags[3] === 'r',
    variadic: flags[4] === 'v',
    defaults: flags[5] === '-' ? 0 : Number(flags.slice(5)),
    source: source === '=' ? name : source,
    result: Number(result),
    arguments: numbersOf(parameters),
    columns:
      columns === undefined ? [] : numbersOf(types).map((type, i) => ({ name: columnNames[i] ?? '', oid: type })),
  }
}

function parseOperator(line: string): OperatorSignature {
  const [name = '', left, right, result, source = '', strict] = line.split(' ')
  return { name, left: Number(left), right: Number(right), result: Number(result), source, strict: strict === '1' }
}

function parseCast(line: string): CastSignature {
  const [source, target, context, method, name = ''] = line.split(' ')
  return {
    source: Number(source),
    target: Number(target),
    context: context as CastContext,
    method: method as CastSignature['method'],
    function: name,
  }
}

/** Lines by their first word; a line is parsed when its name is first asked for. */
class Table<T> {
  readonly #lines = new Map<string, string[]>()
  readonly #parsed = new Map<string, readonly T[]>()
  readonly #parse: (line: string) => T

  constructor(text: string, parse: (line: string) => T) {
    this.#parse = parse
    for (const line of text.trim().split('\n')) {
      const name = line.slice(0, line.indexOf(' '))
      const lines = this.#lines.get(name)
      if (lines === undefined) this.#lines.set(name, [line])
      else lines.push(line)
    }
  }

  named(name: string): readonly T[] {
    const parsed = this.#parsed.get(name)
    if (parsed !== undefined) return parsed
    const lines = this.#lines.get(name)
    if (lines === undefined) return []
    const result = lines.map(this.#parse)
    this.#parsed.set(name, result)
    return result
  }

  all(): readonly T[] {
    return [...this.#lines.keys()].flatMap((name) => this.named(name))
  }
}

let functions: Table<FunctionSignature> | undefined
let operators: Table<OperatorSignature> | undefined
let casts: Table<CastSignature> | undefined

export function functionsNamed(name: string): readonly FunctionSignature[] {
  functions ??= new Table(FUNCTIONS, parseFunction)
  return functions.named(name)
}

export function allFunctions(): readonly FunctionSignature[] {
  functions ??= new Table(FUNCTIONS, parseFunction)
  return functions.all()
}

export function operatorsNamed(name: string): readonly OperatorSignature[] {
  operators ??= new Table(OPERATORS, parseOperator)
  return operators.named(name)
}

export function allOperators(): readonly OperatorSignature[] {
  operators ??= new Table(OPERATORS, parseOperator)
  return operators.all()
}

export function castBetween(source: number, target: number): CastSignature | undefined {
  casts ??= new Table(CASTS, parseCast)
  return casts.named(source.toString()).find((cast) => cast.target === target)
}
