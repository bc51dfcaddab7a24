import { count } from '@chaosproxy/history'
import { ArgumentError, badArgument, fail, refuse } from '../errors.ts'
import { libraryTable } from '../library/arguments.ts'
import { baseLibrary } from '../library/base.ts'
import { bitLibrary } from '../library/bits.ts'
import { jsonLibrary } from '../library/json.ts'
import { mathLibrary, ScriptRandom } from '../library/math.ts'
import { messagePackLibrary } from '../library/message-pack.ts'
import { stringLibrary } from '../library/strings.ts'
import { tableLibrary } from '../library/tables.ts'
import * as operators from '../operators.ts'
import { callable, index, rawSet, requireKey } from '../operators.ts'
import { LuaTable } from '../table.ts'
import { type LuaFunction, type LuaValue, NO_RESULTS } from '../values.ts'

/** The maximum number of steps of a script. Each loop iteration and each call is a step. */
const MOST_STEPS = 5_000_000

const ITEM: unique symbol = Symbol('an item of a table')
type Part = LuaValue | typeof ITEM

const nonexistent = (name: string): never => fail(`Script attempted to access nonexistent global variable '${name}'`)

/** Returns a library whose functions cannot be called. */
const refusedLibrary = (name: string, functions: readonly string[]): LuaTable =>
  libraryTable(Object.fromEntries(functions.map((each) => [each, () => refuse(`${name}.${each}`)])))

/** The runtime that compiled scripts access as `$`. */
export class Machine {
  readonly ITEM: typeof ITEM = ITEM
  readonly NO_RESULTS: readonly LuaValue[] = NO_RESULTS
  fuel = 0
  readonly #globals = new LuaTable()
  readonly #random: ScriptRandom

  /** `draw` returns random numbers, uniform in [0, 1). */
  constructor(libraries: { readonly [name: string]: LuaTable }, draw: () => number) {
    // Compiled scripts call the operators as `$.add` and so on.
    Object.assign(this, operators)
    this.#random = new ScriptRandom(draw)
    const own = {
      ...baseLibrary(),
      string: stringLibrary,
      table: tableLibrary,
      math: mathLibrary(this.#random),
      bit: bitLibrary,
      cjson: jsonLibrary,
      cmsgpack: messagePackLibrary,
      struct: refusedLibrary('struct', ['pack', 'unpack', 'size']),
      coroutine: refusedLibrary('coroutine', ['create', 'resume', 'running', 'status', 'wrap', 'yield']),
      _VERSION: 'Lua 5.1',
      ...libraries,
    }
    for (const [name, value] of Object.entries(own)) this.#globals.set(name, value)
    this.#globals.set('_G', this.#globals)
    this.#globals.metatable = new LuaTable()
    this.#globals.metatable.set('__index', (_, name) => nonexistent(String(name)))
    this.#globals.isReadOnly = true
  }

  run(script: LuaFunction, globals: { readonly [name: string]: LuaTable }): LuaValue {
    for (const [name, value] of Object.entries(globals)) this.#globals.set(name, value)
    this.fuel = MOST_STEPS
    this.#random.seed(undefined)
    return script()[0]
  }

  exhausted(): never {
    return refuse(`more than ${count(MOST_STEPS)} steps`, 'may be an endless loop')
  }

  global(name: string): LuaValue {
    const value = this.#globals.get(name)
    return value === undefined ? nonexistent(name) : value
  }

  setGlobal(_name: string, _value: LuaValue): never {
    return fail('Attempt to modify a readonly table')
  }

  /** Returns a key and its value. Throws if the key is invalid. */
  entry(key: LuaValue, value: LuaValue): readonly LuaValue[] {
    requireKey(key)
    return [key, value]
  }

  emptyTable(): LuaTable {
    return new LuaTable()
  }

  /**
   * Creates a table. `items` and `keys` are the initial capacities. `parts` alternates between keys and values; a list
   * item has the key `ITEM`.
   */
  table(items: number, keys: number, parts: readonly Part[], rest: readonly LuaValue[] = []): LuaTable {
    const table = new LuaTable(items, keys)
    const listed: LuaValue[] = []
    for (let i = 0; i < parts.length; i += 2) {
      const [key, value] = [parts[i], parts[i + 1] as LuaValue]
      if (key === ITEM) listed.push(value)
      else rawSet(table, key as LuaValue, value)
    }
    const all = rest.length === 0 ? listed : [...listed, ...rest]
    table.reserve(all.length)
    all.forEach((value, i) => {
      table.set(i + 1, value)
    })
    return table
  }

  invoke(receiver: LuaValue, name: string, named: string | undefined, ...args: LuaValue[]): readonly LuaValue[] {
    const method = callable(index(receiver, name, named), `method '${name}'`)
    if (typeof receiver !== 'string') return method(receiver, ...args)
    try {
      return method(receiver, ...args)
    } catch (error) {
      if (!(error instanceof ArgumentError) || error.of !== name) throw error
      if (error.at > 1) return badArgument(error.at - 1, error.of, error.what)
      return fail(`calling '${name}' on bad self (${error.what})`)
    }
  }
}
