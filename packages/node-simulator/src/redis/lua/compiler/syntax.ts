import type * as ast from 'luaparse'
import { ScriptRefusal } from '../errors.ts'

/** Something that the parser knows, and Lua 5.1 does not. */
export function refuseSyntax({ type, loc }: ast.Node): never {
  throw new ScriptRefusal(type, undefined, loc?.start.line)
}
