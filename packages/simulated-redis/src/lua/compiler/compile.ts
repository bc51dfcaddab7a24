import { createRequire } from 'node:module'
import vm from 'node:vm'
import type * as ast from 'luaparse'
import type { Options, Parser, Token } from 'luaparse'
import { CHUNK, ScriptRefusal } from '../errors.ts'
import type { LuaFunction } from '../values.ts'
import type { Compiling } from './expressions.ts'
import { alignLines } from './lines.ts'
import type { Machine } from './machine.ts'
import { Scope } from './scope.ts'
import { compileBody } from './statements.ts'

export type Chunk = (machine: Machine) => LuaFunction

export class LuaSyntaxError extends Error {
  override readonly name: string = 'LuaSyntaxError'
}

/** Loaded at the first use, because only programs with scripts need the parser. */
let parser: typeof import('luaparse') | undefined

/** @throws LuaSyntaxError, ScriptRefusal */
export function compile(source: string): Chunk {
  const code = alignLines(compileChunk(parse(source)))
  return vm.compileFunction(code, ['$'], { filename: CHUNK }) as Chunk
}

interface Parsed {
  readonly chunk: ast.Chunk
  readonly groups: ReadonlySet<number>
}

function parse(source: string): Parsed {
  // Refuses a shebang line, because it may set flags for the script.
  if (source.startsWith('#!')) throw new ScriptRefusal(source.split('\n', 1)[0] ?? '', undefined, 1)
  parser ??= createRequire(import.meta.url)('luaparse') as typeof import('luaparse')
  try {
    const groups = groupStarts(parser as unknown as Lexing, source)
    const chunk = parser.parse(source, {
      luaVersion: '5.1',
      locations: true,
      ranges: true,
      comments: false,
      // Each character of the source stands for one byte.
      encodingMode: 'pseudo-latin1',
    })
    return { chunk, groups }
  } catch (error) {
    const { message, line } = error as { readonly message: string; readonly line?: number }
    throw new LuaSyntaxError(`${CHUNK}:${line ?? 1}: ${message.replace(/^\[\d+:\d+\] /, '')}`)
  }
}

function compileChunk({ chunk: { body }, groups }: Parsed): string {
  const scope = new Scope()
  const to: Compiling = {
    scope,
    isGrouped: (node) => groups.has((node as { readonly range?: readonly number[] }).range?.[0] ?? -1),
    compileFunction: ({ parameters, body: statements }, receiver) => {
      const names: string[] = receiver ? ['self'] : []
      for (const parameter of parameters) if (parameter.type === 'Identifier') names.push(parameter.name)
      const takesRest = parameters.some(({ type }) => type === 'VarargLiteral')
      let ids: readonly string[] = []
      const code = functionBody(takesRest, () => {
        ids = names.map((name) => scope.declare(name))
        return compileBody(statements, to)
      })
      return `((${[...ids, ...(takesRest ? ['...$rest'] : [])].join(', ')}) => { ${code} })`
    },
  }
  const functionBody = (takesRest: boolean, compileInner: () => string): string => {
    const { body: inner, temporaries } = scope.inFunction(takesRest, compileInner)
    const declared = temporaries.length === 0 ? '' : `let ${temporaries.join(', ')};`
    return `${declared} if (--$.fuel < 0) $.exhausted(); ${inner} return $.NO_RESULTS;`
  }
  return `"use strict"; return (...$rest) => { ${functionBody(true, () => compileBody(body, to))} };`
}

interface Lexing {
  parse(options: Partial<Options>): Parser
}

const [STRING, IDENTIFIER, PUNCTUATOR, END] = [2, 8, 32, 1]

/** Whether a parenthesis after the token begins the arguments of a call. */
const isCalled = ({ type, value }: Token): boolean =>
  type === STRING || type === IDENTIFIER || (type === PUNCTUATOR && /^[)\]}]$/.test(value))

/**
 * Returns the offsets at which parenthesized expressions begin. The parser does not report parentheses, but parentheses
 * around a call drop all of its results except the first.
 */
function groupStarts(lexer: Lexing, source: string): ReadonlySet<number> {
  const starts = new Set<number>()
  const parser = lexer.parse({ wait: true, luaVersion: '5.1', encodingMode: 'pseudo-latin1' })
  parser.write(source)
  let before: Token | undefined
  let groups = false
  for (let token = parser.lex(); token.type !== END; token = parser.lex()) {
    if (groups) starts.add(token.range[0])
    groups = token.type === PUNCTUATOR && token.value === '(' && (before === undefined || !isCalled(before))
    before = token
  }
  return starts
}
